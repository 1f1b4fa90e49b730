import { Module } from '@nestjs/common';
import { AgentsModule } from '#libs/agents/agents.module.js';
import { OrganizationsModule } from '#libs/organizations/organizations.module.js';
import { TagsModule } from '#libs/tags/tags.module.js';
import { TeamsModule } from '#libs/teams/teams.module.js';
import { WebhooksModule } from '#libs/webhooks/webhooks.module.js';
import { HealthController } from './health.controller.js';

/** What the API serves: one module a resource. */
@Module({
  imports: [AgentsModule, OrganizationsModule, TagsModule, TeamsModule, WebhooksModule],
  controllers: [HealthController],
})
export class ApiModule {}

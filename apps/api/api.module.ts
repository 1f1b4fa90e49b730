import { Module } from '@nestjs/common';
import { AgentsModule } from '#libs/agents/agents.module.js';
import { AnonymizationModule } from '#libs/anonymization/anonymization.module.js';
import { ContactEndpointsModule } from '#libs/contact-endpoints/contact-endpoints.module.js';
import { ConversationsModule } from '#libs/conversations/conversations.module.js';
import { CustomAttributesModule } from '#libs/custom-attributes/custom-attributes.module.js';
import { EndUsersModule } from '#libs/end-users/end-users.module.js';
import { EventsModule } from '#libs/events/events.module.js';
import { HistoryModule } from '#libs/history/history.module.js';
import { LifecycleModule } from '#libs/lifecycle/lifecycle.module.js';
import { OrganizationsModule } from '#libs/organizations/organizations.module.js';
import { QueuesModule } from '#libs/queues/queues.module.js';
import { TagsModule } from '#libs/tags/tags.module.js';
import { TeamsModule } from '#libs/teams/teams.module.js';
import { WebhooksModule } from '#libs/webhooks/webhooks.module.js';
import { HealthController } from './health.controller.js';

/** The API: one module for each resource, and the modules that concern several resources. */
@Module({
  imports: [
    AgentsModule,
    AnonymizationModule,
    ContactEndpointsModule,
    ConversationsModule,
    CustomAttributesModule,
    EndUsersModule,
    EventsModule,
    HistoryModule,
    LifecycleModule,
    OrganizationsModule,
    QueuesModule,
    TagsModule,
    TeamsModule,
    WebhooksModule,
  ],
  controllers: [HealthController],
})
export class ApiModule {}

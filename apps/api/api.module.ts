import { Module } from '@nestjs/common';
import { CustomAttributesModule } from '#libs/custom-attributes/custom-attributes.module.js';
import { EndUsersModule } from '#libs/end-users/end-users.module.js';
import { OrganizationsModule } from '#libs/organizations/organizations.module.js';
import { TagsModule } from '#libs/tags/tags.module.js';
import { WebhooksModule } from '#libs/webhooks/webhooks.module.js';
import { HealthController } from './health.controller.js';

/** What the API serves: one module a resource. */
@Module({
  imports: [OrganizationsModule, TagsModule, WebhooksModule, CustomAttributesModule, EndUsersModule],
  controllers: [HealthController],
})
export class ApiModule {}

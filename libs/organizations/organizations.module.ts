import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthenticationGuard } from './authentication.guard.js';
import { OrganizationController } from './organization.controller.js';
import {
  CreateOrganizationHandler,
  GetOrganizationHandler,
  IssueApiTokenHandler,
  SetDefaultRegionHandler,
} from './organizations.handlers.js';
import { OrganizationSettings } from './settings.js';

/** Tenants, their API tokens, and the guard that every request passes. */
@Global()
@Module({
  controllers: [OrganizationController],
  providers: [
    CreateOrganizationHandler,
    SetDefaultRegionHandler,
    IssueApiTokenHandler,
    GetOrganizationHandler,
    OrganizationSettings,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
  ],
  exports: [OrganizationSettings],
})
export class OrganizationsModule {}

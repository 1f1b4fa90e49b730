import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthenticationGuard } from './authentication.guard.js';
import { CreateOrganizationHandler, IssueApiTokenHandler } from './organizations.handlers.js';

/** Tenants, their API tokens, and the guard that every request passes. */
@Module({
  providers: [CreateOrganizationHandler, IssueApiTokenHandler, { provide: APP_GUARD, useClass: AuthenticationGuard }],
})
export class OrganizationsModule {}

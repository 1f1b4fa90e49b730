import { Global, Module } from '@nestjs/common';
import { RateLimiter } from '#libs/platform/rate-limiter.js';
import { RateLimits } from '#libs/platform/rate-limits.js';
import { GetApiTokenHandler, ListApiTokensHandler } from './api-token-queries.handlers.js';
import { TokensController } from './api-tokens.controller.js';
import { IssueApiTokenHandler, RevokeApiTokenHandler, RotateApiTokenHandler } from './api-tokens.handlers.js';
import { Authentication } from './authentication.js';
import { OrganizationSettings } from './organization-settings.published.js';
import { OrganizationController } from './organization.controller.js';
import {
  CreateOrganizationHandler,
  GetOrganizationHandler,
  SetDefaultRegionHandler,
  SetRepliesToClosedHandler,
} from './organizations.handlers.js';
import { TokenLookup } from './token-lookup.js';
import { TokenUsage } from './token-usage.js';

/** Organizations, their API tokens, and the authentication of requests. */
@Global()
@Module({
  controllers: [OrganizationController, TokensController],
  providers: [
    CreateOrganizationHandler,
    SetDefaultRegionHandler,
    SetRepliesToClosedHandler,
    GetOrganizationHandler,
    IssueApiTokenHandler,
    RotateApiTokenHandler,
    RevokeApiTokenHandler,
    GetApiTokenHandler,
    ListApiTokensHandler,
    OrganizationSettings,
    Authentication,
    TokenLookup,
    TokenUsage,
    { provide: RateLimiter, inject: [RateLimits], useFactory: ({ redisUrl }: RateLimits) => new RateLimiter(redisUrl) },
  ],
  exports: [OrganizationSettings, RateLimiter],
})
export class OrganizationsModule {}

import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { dataOutput, pageOutput } from '#libs/http/endpoint.js';
import { Choices, Text, Whole } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { Nested } from '#libs/http/nested-fields.js';
import { MAX_PER_SECOND } from '#libs/platform/rate-limits.js';
import { type Scope } from '#libs/platform/scopes.js';
import { SCOPES } from '#libs/resources/scopes.js';

/** Maximum time that a replaced secret keeps working: a week. */
const MAX_OVERLAP_SECONDS = 604_800;
/** Default time that a replaced secret keeps working: a day. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

@ApiSchema({ name: 'TokenRateLimit' })
export class TokenRateLimitDto {
  @Whole({ description: 'The sustained number of requests per second.', example: 100, min: 1, max: MAX_PER_SECOND })
  perSecond: number;

  @Whole({
    description:
      'The number of requests that may come at once, a multiple of `perSecond` and at most 3600 times as many. This number is admitted in each window of `burst / perSecond` seconds.',
    example: 200,
    min: 1,
  })
  burst: number;
}

export class CreateTokenInput {
  @Text({ description: 'The purpose of the token, as histories show it.', example: 'Web shop' })
  name: string;

  @Choices({
    description:
      'The scopes of the token: `<resource>:read`, `<resource>:write`, which includes reading, or `admin` for everything. Scopes that the calling token lacks are refused.',
    example: ['endusers:write', 'tags:read'],
    values: SCOPES,
  })
  scopes: Scope[];

  @Instant({
    description: 'When the token expires. Without a value, it does not expire.',
    example: '2027-03-14T09:26:53Z',
    optional: true,
  })
  expiresAt?: string;

  @Nested(() => TokenRateLimitDto, {
    description: 'The rate limit of the token. Without a value, the limit of the installation applies.',
    optional: true,
  })
  rateLimit?: TokenRateLimitDto;
}

export class RotateTokenInput {
  @Whole({
    description: `The seconds for which the current secret keeps working. Default: ${DEFAULT_OVERLAP_SECONDS}, one day.`,
    example: 3600,
    max: MAX_OVERLAP_SECONDS,
    optional: true,
  })
  overlapSeconds?: number;
}

class TokenCreator {
  @ApiProperty({
    description: 'The actor.',
    format: 'uuid',
    example: EXAMPLE_IDS.organization,
  })
  actorId: string;

  @ApiPropertyOptional({
    description: 'The id of the token that created this one. Absent if it was created on the command line.',
    format: 'uuid',
    example: EXAMPLE_IDS.token,
  })
  tokenId?: string;
}

@ApiSchema({ name: 'Token' })
export class ApiTokenOutput {
  @ApiProperty({ description: 'The token id.', format: 'uuid', example: EXAMPLE_IDS.token })
  id: string;

  @ApiProperty({ description: 'The purpose of the token.', example: 'Web shop' })
  name: string;

  @ApiProperty({
    description: 'The state of the token. Only active tokens are accepted.',
    enum: ['Active', 'Expired', 'Revoked'],
    example: 'Active',
  })
  state: 'Active' | 'Expired' | 'Revoked';

  @ApiProperty({
    description: 'The scopes of the token.',
    type: String,
    enum: SCOPES,
    isArray: true,
    example: ['endusers:write', 'tags:read'],
  })
  scopes: Scope[];

  @ApiProperty({
    description: 'The actor on whose behalf the token acts.',
    format: 'uuid',
    example: EXAMPLE_IDS.organization,
  })
  actorId: string;

  @ApiProperty({
    description: 'When the entity was created.',
    format: 'date-time',
    example: '2026-03-14T09:26:53.589Z',
  })
  createdAt: string;

  @ApiProperty({ description: 'The agent who created the token.', type: TokenCreator })
  createdBy: TokenCreator;

  @ApiPropertyOptional({
    description: 'When the token expires. Absent if it does not expire.',
    format: 'date-time',
    example: '2027-03-14T09:26:53.000Z',
  })
  expiresAt?: string;

  @ApiPropertyOptional({
    description: 'When the token was revoked.',
    format: 'date-time',
    example: '2026-04-01T12:00:00.000Z',
  })
  revokedAt?: string;

  @ApiPropertyOptional({
    description: 'Until when an earlier secret works: the last one that still does. Absent if none does.',
    format: 'date-time',
    example: '2026-03-15T09:26:53.589Z',
  })
  previousSecretUntil?: string;

  @ApiPropertyOptional({
    description: 'When the token was last used, accurate to about a minute.',
    format: 'date-time',
    example: '2026-03-14T10:01:07.120Z',
  })
  lastUsedAt?: string;

  @ApiPropertyOptional({
    description: 'The rate limit of the token. Absent if the limit of the installation applies.',
    type: TokenRateLimitDto,
  })
  rateLimit?: TokenRateLimitDto;
}

@ApiSchema({ name: 'TokenWithSecret' })
export class ApiTokenWithSecret extends ApiTokenOutput {
  @ApiProperty({
    description:
      'The secret, which clients send as `Authorization: Bearer <secret>`. It is shown only here: the server stores a hash.',
    example: 'dsk_3q2-7wEjRaYd0V0lq5mXcB1nUuT9sK8hGfPzOiLyxA4',
  })
  secret: string;
}

export const ListTokensOutput = pageOutput('ListTokensOutput', ApiTokenOutput);
export const GetTokenOutput = dataOutput('GetTokenOutput', ApiTokenOutput);
export const CreateTokenOutput = dataOutput('CreateTokenOutput', ApiTokenWithSecret);
export const RotateTokenOutput = dataOutput('RotateTokenOutput', ApiTokenWithSecret);

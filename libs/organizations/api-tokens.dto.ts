import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { dataOutput, pageOutput } from '#libs/http/endpoint.js';
import { Choices, Text, Whole } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { Nested } from '#libs/http/nested-fields.js';
import { MAX_PER_SECOND } from '#libs/platform/rate-limits.js';
import { type Scope } from '#libs/platform/scopes.js';
import { SCOPES } from '#libs/resources/scopes.js';

/** A week. */
export const MAX_OVERLAP_SECONDS = 604_800;
/** A day. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

@ApiSchema({ name: 'TokenRateLimit' })
export class TokenRateLimitDto {
  @Whole({ description: 'Requests per second in the long run.', example: 100, min: 1, max: MAX_PER_SECOND })
  perSecond: number;

  @Whole({
    description:
      'Requests at once, a multiple of `perSecond`, at most 3600 times as many: so many are let through in each `burst / perSecond` seconds.',
    example: 200,
    min: 1,
  })
  burst: number;
}

export class CreateTokenInput {
  @Text({ description: 'What the token is for. Histories show it.', example: 'Web shop' })
  name: string;

  @Choices({
    description:
      'What the token may do: `<resource>:read`, `<resource>:write`, which includes reading, or `admin` for everything. Only what the calling token may do itself.',
    example: ['endusers:write', 'tags:read'],
    values: SCOPES,
  })
  scopes: Scope[];

  @Instant({
    description: 'From then on the token is refused; it does not expire unless given.',
    example: '2027-03-14T09:26:53Z',
    optional: true,
  })
  expiresAt?: string;

  @Nested(() => TokenRateLimitDto, {
    description: "How often the token may call; the installation's limit unless given.",
    optional: true,
  })
  rateLimit?: TokenRateLimitDto;
}

export class RotateTokenInput {
  @Whole({
    description: `For so many seconds the present secret works, too; ${DEFAULT_OVERLAP_SECONDS}, a day, unless given.`,
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
    example: '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4',
  })
  actorId: string;

  @ApiPropertyOptional({
    description: 'The token that it was created with; absent when it was on the command line.',
    format: 'uuid',
    example: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a',
  })
  tokenId?: string;
}

@ApiSchema({ name: 'Token' })
export class ApiTokenOutput {
  @ApiProperty({ description: 'The token id.', format: 'uuid', example: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a' })
  id: string;

  @ApiProperty({ description: 'What the token is for.', example: 'Web shop' })
  name: string;

  @ApiProperty({
    description: 'Only an active token is let in.',
    enum: ['Active', 'Expired', 'Revoked'],
    example: 'Active',
  })
  state: 'Active' | 'Expired' | 'Revoked';

  @ApiProperty({
    description: 'What the token may do.',
    type: String,
    enum: SCOPES,
    isArray: true,
    example: ['endusers:write', 'tags:read'],
  })
  scopes: Scope[];

  @ApiProperty({
    description: 'On whose behalf the token acts.',
    format: 'uuid',
    example: '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4',
  })
  actorId: string;

  @ApiProperty({ description: 'When it was created.', format: 'date-time', example: '2026-03-14T09:26:53.589Z' })
  createdAt: string;

  @ApiProperty({ description: 'Who created it.', type: TokenCreator })
  createdBy: TokenCreator;

  @ApiPropertyOptional({
    description: 'From then on it is refused; absent when it does not expire.',
    format: 'date-time',
    example: '2027-03-14T09:26:53.000Z',
  })
  expiresAt?: string;

  @ApiPropertyOptional({
    description: 'When it was revoked.',
    format: 'date-time',
    example: '2026-04-01T12:00:00.000Z',
  })
  revokedAt?: string;

  @ApiPropertyOptional({
    description: 'Until then an earlier secret works, too, the last one that does; absent when none does.',
    format: 'date-time',
    example: '2026-03-15T09:26:53.589Z',
  })
  previousSecretUntil?: string;

  @ApiPropertyOptional({
    description: 'When it was last let in, to about a minute.',
    format: 'date-time',
    example: '2026-03-14T10:01:07.120Z',
  })
  lastUsedAt?: string;

  @ApiPropertyOptional({
    description: "How often it may call; absent when the installation's limit counts.",
    type: TokenRateLimitDto,
  })
  rateLimit?: TokenRateLimitDto;
}

@ApiSchema({ name: 'TokenWithSecret' })
export class ApiTokenWithSecret extends ApiTokenOutput {
  @ApiProperty({
    description: 'What clients send as `Authorization: Bearer <secret>`. Shown this once: only a hash of it is kept.',
    example: 'dsk_3q2-7wEjRaYd0V0lq5mXcB1nUuT9sK8hGfPzOiLyxA4',
  })
  secret: string;
}

export const ListTokensOutput = pageOutput('ListTokensOutput', ApiTokenOutput);
export const GetTokenOutput = dataOutput('GetTokenOutput', ApiTokenOutput);
export const CreateTokenOutput = dataOutput('CreateTokenOutput', ApiTokenWithSecret);
export const RotateTokenOutput = dataOutput('RotateTokenOutput', ApiTokenWithSecret);

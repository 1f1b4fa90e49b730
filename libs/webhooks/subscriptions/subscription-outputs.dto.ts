import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { dataOutput, listOutput } from '#libs/http/endpoint.js';
import { EVENT_NAMES } from '../catalogue/catalogue.published.js';
import { type AttemptResult, type Outcome, OUTCOMES } from '../delivery/sending/attempt.js';
import { type Filters } from '../events/filters.rules.js';
import { DOCUMENTED, filtersSchema, headersSchema } from './subscription-fields.js';
import { ORDERINGS, type Ordering, DISABLED_REASONS, type DisabledReason } from './subscription.rules.js';

const ACTOR = { format: 'uuid', example: EXAMPLE_IDS.agent };
const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };

@ApiSchema({ name: 'WebhookHealth' })
class HealthOutput {
  @ApiProperty({
    description:
      'The number of failed attempts in a row since the last success, the last change of `url`, or enabling.',
    type: 'integer',
    format: 'int32',
    example: 3,
  })
  failures: number;

  @ApiPropertyOptional({ description: 'When the first of these failures happened.', ...INSTANT })
  failingSince?: string;

  @ApiPropertyOptional({
    description: 'Until when nothing is sent, because the receiver asked for it or fails too often.',
    ...INSTANT,
  })
  pausedUntil?: string;
}

@ApiSchema({ name: 'WebhookSubscription' })
export class WebhookSubscriptionOutput {
  @ApiProperty({ description: 'The subscription id.', format: 'uuid', example: EXAMPLE_IDS.subscription })
  id: string;

  @ApiProperty(DOCUMENTED.name)
  name: string;

  @ApiPropertyOptional({ ...DOCUMENTED.events, enum: EVENT_NAMES, isArray: true, uniqueItems: true })
  subscribedEvents: string[];

  @ApiProperty(DOCUMENTED.url)
  url: string;

  @ApiProperty({
    description:
      'All headers that deliveries carry for the receiver, including the authorization. The values are `***` to tokens without the scope `webhooks:write`.',
    ...headersSchema,
    example: { Authorization: 'Bearer 9f86d081884c7d65', 'X-Tenant': 'acme' },
  })
  headers: Record<string, string>;

  @ApiProperty({
    description:
      'The key that signs the deliveries: 32 bytes in hex. `***` to tokens without the scope `webhooks:write`.',
    example: 'b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184',
  })
  secretKey: string;

  @ApiPropertyOptional({
    description:
      'Until when deliveries are also signed with an earlier key: the latest of `previousSecretsUntil`. Absent if no earlier key is in use.',
    ...INSTANT,
  })
  previousSecretUntil?: string;

  @ApiPropertyOptional({
    description: 'Until when each earlier key is in use, the newest key first; at most two. Absent if none is.',
    type: [String],
    format: 'date-time',
    example: [INSTANT.example],
  })
  previousSecretsUntil?: string[];

  @ApiProperty(DOCUMENTED.enabled)
  enabled: boolean;

  @ApiPropertyOptional({
    description: 'Why Deskstream disabled the subscription: the receiver answered 410, or it only failed for days.',
    enum: DISABLED_REASONS,
    example: 'gone',
  })
  disabledReason?: DisabledReason;

  @ApiProperty({ ...DOCUMENTED.ordering, enum: ORDERINGS })
  ordering: Ordering;

  @ApiProperty({ ...DOCUMENTED.maxPerSecond, type: 'integer', format: 'int32', nullable: true })
  maxPerSecond: number | null;

  @ApiPropertyOptional({ description: 'The health of the receiver. Absent with `asOf`.', type: HealthOutput })
  health?: HealthOutput;

  @ApiProperty({ description: 'When the entity was created.', ...INSTANT })
  createdAt: string;

  @ApiProperty({ description: 'The agent who created the subscription.', ...ACTOR })
  createdBy: string;

  @ApiProperty({ description: 'When the entity was last changed.', ...INSTANT })
  updatedAt: string;

  @ApiProperty({
    description: 'The agent who last changed the subscription, or the organization itself if Deskstream disabled it.',
    ...ACTOR,
  })
  updatedBy: string;

  @ApiPropertyOptional({ ...DOCUMENTED.filters, ...filtersSchema })
  filters?: Record<string, Filters>;
}

/** An ended attempt. */
export class AttemptOutput {
  @ApiProperty({ description: 'The outcome.', enum: OUTCOMES, example: 'delivered' })
  outcome: Outcome;

  @ApiProperty({ description: 'When the attempt began.', ...INSTANT })
  startedAt: string;

  @ApiProperty({ description: 'The duration in milliseconds.', type: 'integer', format: 'int32', example: 87 })
  durationMs: number;

  @ApiPropertyOptional({
    description: 'The HTTP status. Absent if there was no response.',
    type: 'integer',
    format: 'int32',
    example: 200,
  })
  responseCode?: number;

  @ApiProperty({ description: 'The beginning of the response, or why there was none.', example: 'ok' })
  responseText: string;
}

@ApiSchema({ name: 'WebhookTestResult' })
export class TestResultOutput extends AttemptOutput {
  @ApiProperty({ description: 'Whether the receiver answered with a 2xx status.', example: true })
  success: boolean;
}

/** Returns an attempt as the API shows it. */
export function shownAttempt({ startedAt, outcome, durationMs, responseCode, responseText }: AttemptResult) {
  return { outcome, startedAt: startedAt.toISOString(), durationMs, responseCode, responseText };
}

export const ListWebhookSubscriptionsOutput = listOutput(
  'ListWebhookSubscriptionsEndpointOutput',
  WebhookSubscriptionOutput,
);
export const GetWebhookSubscriptionOutput = dataOutput('GetWebhookSubscriptionOutput', WebhookSubscriptionOutput);
export const CreateWebhookSubscriptionOutput = dataOutput('CreateWebhookSubscriptionOutput', WebhookSubscriptionOutput);
export const PatchWebhookSubscriptionOutput = dataOutput('PatchWebhookSubscriptionOutput', WebhookSubscriptionOutput);
export const RotateWebhookSecretOutput = dataOutput('RotateWebhookSecretOutput', WebhookSubscriptionOutput);
export const TestWebhookSubscriptionOutput = dataOutput('TestWebhookSubscriptionOutput', TestResultOutput);

import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { dataOutput, pageOutput } from '#libs/http/endpoint.js';
import { Choice, Uuid } from '#libs/http/fields.js';
import { QueryInstant } from '#libs/http/instant-fields.js';
import { PageQuery } from '#libs/http/paging.js';
import { EVENT_NAMES, faultOfEventName, type WebhookEventName } from '../catalogue/catalogue.published.js';
import { AttemptOutput } from '../subscriptions/subscription-outputs.dto.js';

/** The states of a delivery: all except `pending` are ends. */
export const DELIVERY_STATES = ['pending', 'delivered', 'exhausted', 'cancelled'] as const;

export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why a delivery was cancelled: on request, or because the subscription excludes the event or is deleted. */
const CANCEL_REASONS = ['requested', 'unsubscribed', 'filtered', 'subscription_deleted'] as const;

export type CancelReason = (typeof CANCEL_REASONS)[number];

const INSTANT = { format: 'date-time', example: '2026-03-14T09:26:53.589Z' };
const LATER = { format: 'date-time', example: '2026-03-14T09:31:58.127Z' };

const STATE = {
  description: 'Only deliveries in this state.',
  example: 'exhausted',
  values: DELIVERY_STATES,
  optional: true,
};

export class ListAllDeliveriesQuery extends PageQuery {
  @Choice(STATE)
  state?: DeliveryState;

  @Uuid({
    description: 'Only deliveries of this subscription.',
    example: EXAMPLE_IDS.subscription,
    optional: true,
  })
  subscriptionId?: string;
}

export class ListDeliveriesQuery extends PageQuery {
  @Choice(STATE)
  state?: DeliveryState;

  @Choice({
    description: 'Only deliveries of this event.',
    example: 'TagCreated',
    values: EVENT_NAMES,
    fault: faultOfEventName,
    optional: true,
  })
  event?: WebhookEventName;

  @QueryInstant({
    description: 'Only deliveries created at or after this instant.',
    example: '2026-03-13T00:00:00Z',
    optional: true,
  })
  since?: string;

  @QueryInstant({
    description: 'Only deliveries created before this instant.',
    example: '2026-03-14T00:00:00Z',
    optional: true,
  })
  until?: string;
}

@ApiSchema({ name: 'WebhookDelivery' })
export class DeliveryOutput {
  @ApiProperty({
    description: 'The event id, which the receiver sees as `webhook-id`.',
    format: 'uuid',
    example: EXAMPLE_IDS.event,
  })
  id: string;

  @ApiProperty({ description: 'The name of the event.', enum: EVENT_NAMES, example: 'TagCreated' })
  event: string;

  @ApiProperty({
    description:
      '`pending`: to be sent, for the first time or again. `delivered`: the receiver answered 2xx. `exhausted`: given up after the last attempt. `cancelled`: given up before that, for the reason in `cancelReason`.',
    enum: DELIVERY_STATES,
    example: 'delivered',
  })
  state: DeliveryState;

  @ApiProperty({
    description: 'The number of attempts of the current round.',
    type: 'integer',
    format: 'int32',
    example: 1,
  })
  attempts: number;

  @ApiProperty({ description: 'When the delivery was created.', ...INSTANT })
  createdAt: string;

  @ApiPropertyOptional({
    description:
      'When the next attempt is due. Absent unless the delivery is pending. Also absent in `fifo` order, in which it is due after the deliveries before it.',
    ...LATER,
  })
  nextAttemptAt?: string;

  @ApiPropertyOptional({
    description: 'When the delivery reached its final state. Absent while it is pending.',
    ...LATER,
  })
  finishedAt?: string;

  @ApiPropertyOptional({
    description:
      'Why the delivery was cancelled. `requested`: a client cancelled it. `unsubscribed`, `filtered`: after a change, the `events` or the `filters` of the subscription exclude the event. `subscription_deleted`: the subscription was deleted.',
    enum: CANCEL_REASONS,
    example: 'requested',
  })
  cancelReason?: CancelReason;
}

@ApiSchema({ name: 'AnyWebhookDelivery' })
export class AnyDeliveryOutput extends DeliveryOutput {
  @ApiProperty({ description: 'The subscription id.', format: 'uuid', example: EXAMPLE_IDS.subscription })
  subscriptionId: string;
}

@ApiSchema({ name: 'WebhookDeliveryAttempt' })
class LoggedAttemptOutput extends AttemptOutput {
  @ApiProperty({
    description: 'The number of the attempt within its round, counted from 1.',
    type: 'integer',
    format: 'int32',
    example: 1,
  })
  number: number;
}

@ApiSchema({ name: 'WebhookDeliveryDetails' })
export class DeliveryDetailsOutput extends DeliveryOutput {
  @ApiProperty({
    description: 'The body that is sent. `null` if it is no longer kept.',
    type: 'string',
    nullable: true,
    example: `{"event_id":"${EXAMPLE_IDS.event}","event_fqn":"TAG_CREATED"}`,
  })
  payload: string | null;

  @ApiProperty({
    description: 'The latest attempts that are still kept, at most 100, oldest first.',
    type: [LoggedAttemptOutput],
  })
  attemptLog: LoggedAttemptOutput[];
}

const EVENT = { id: EXAMPLE_IDS.event, event: 'TagCreated' };
const DELIVERED = { ...EVENT, state: 'delivered', attempts: 1, createdAt: INSTANT.example, finishedAt: LATER.example };
const PENDING = { ...EVENT, state: 'pending', attempts: 1, createdAt: INSTANT.example, nextAttemptAt: LATER.example };
const CANCELLED = {
  ...EVENT,
  state: 'cancelled',
  attempts: 1,
  createdAt: INSTANT.example,
  finishedAt: LATER.example,
  cancelReason: 'requested',
};
const ATTEMPT = { number: 1, outcome: 'delivered', startedAt: LATER.example, durationMs: 87, responseCode: 200 };
const DETAILS = {
  ...DELIVERED,
  payload: `{"event_id":"${EXAMPLE_IDS.event}","event_fqn":"TAG_CREATED"}`,
  attemptLog: [{ ...ATTEMPT, responseText: 'ok' }],
};

export const ListAllDeliveriesOutput = pageOutput('ListAllWebhookDeliveriesOutput', AnyDeliveryOutput);
export const ListDeliveriesOutput = pageOutput('ListWebhookDeliveriesOutput', DeliveryOutput);
export const GetDeliveryOutput = dataOutput('GetWebhookDeliveryOutput', DeliveryDetailsOutput);
export const RetryDeliveryOutput = dataOutput('RetryWebhookDeliveryOutput', DeliveryOutput);
export const CancelDeliveryOutput = dataOutput('CancelWebhookDeliveryOutput', DeliveryOutput);

// Consistent examples: a pending delivery has no end, and an ended one is not due.
ApiProperty({ type: [DeliveryOutput], example: [DELIVERED] })(ListDeliveriesOutput.prototype as object, 'data');
ApiProperty({ type: DeliveryDetailsOutput, example: DETAILS })(GetDeliveryOutput.prototype as object, 'data');
ApiProperty({ type: DeliveryOutput, example: PENDING })(RetryDeliveryOutput.prototype as object, 'data');
ApiProperty({ type: DeliveryOutput, example: CANCELLED })(CancelDeliveryOutput.prototype as object, 'data');

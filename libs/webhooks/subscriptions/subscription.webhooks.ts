import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '../events/event-type.published.js';
import { nullable, object } from '../events/payload-schemas.published.js';
import { type Subscription, type SubscriptionEvent } from './subscription.rules.js';
import { subscriptionStream } from './subscription.stream.js';

type DisabledEvent = Extract<SubscriptionEvent, { type: 'WebhookSubscriptionDisabled' }>;

const disabled: WebhookEventType<Subscription, DisabledEvent['data']> = {
  version: '1',
  description: 'Deskstream has disabled a webhook subscription: its receiver answered 410, or failed for days.',
  stream: subscriptionStream,
  // Without its URL, which may contain secrets of that receiver.
  data: ({ id, name }, { data: { reason, failingSince = null } }) => ({
    webhook_subscription: { id, name, reason: reason.toUpperCase(), failing_since: failingSince },
  }),
  example: {
    webhook_subscription: {
      id: EXAMPLE_IDS.subscription,
      name: 'CRM synchronization',
      reason: 'FAILING',
      failing_since: '2026-03-09T08:12:31.407Z',
    },
  },
  schema: object({
    webhook_subscription: object({
      id: { type: 'string', format: 'uuid' },
      name: { type: 'string' },
      reason: { enum: ['GONE', 'FAILING'] },
      failing_since: nullable({ type: 'string', format: 'date-time' }),
    }),
  }),
};

export const WEBHOOK_EVENTS = { WebhookSubscriptionDisabled: disabled } as const;

import { type Resource } from '#libs/resources/resource.js';
import { recoveryStream } from './recovery/recovery.stream.js';
import { subscriptionStream } from './subscriptions/subscription.stream.js';
import { WEBHOOK_EVENTS } from './subscriptions/subscription.webhooks.js';

export const webhooksResource = {
  path: 'webhooks',
  group: {
    name: 'Webhooks',
    description: 'Subscriptions to events, their deliveries, and how to repeat them.',
  },
  streams: [subscriptionStream, recoveryStream],
  entity: {
    name: 'Webhook subscription',
    id: 'webhookSubscriptionId',
    stream: subscriptionStream,
    note: 'Secrets are masked whatever the token may do.',
  },
  webhookEvents: WEBHOOK_EVENTS,
} as const satisfies Resource;

import { changesOf } from '#libs/platform/changes.js';
import { type DomainError, notFound } from '#libs/platform/domain-error.js';
import { type Filters } from './filters.js';

/** How a delivery proves itself to the receiver, besides its signature. */
export type Authorization =
  | { _type: 'NoAuth' }
  | { _type: 'BasicAuth'; username: string; password: string }
  | { _type: 'TokenAuth'; value: string };

/** What a client can set of a subscription. */
export interface SubscriptionSettings {
  name: string;
  url: string;
  /** Names of the catalogue. None: nothing is delivered. */
  events: string[];
  enabled: boolean;
  authorization: Authorization;
  customHeaders: Record<string, string>;
  /** By event name; an event without filters is delivered always. */
  filters: Record<string, Filters>;
}

/** Where the organization wants its events delivered. */
export interface Subscription extends SubscriptionSettings {
  id: string;
  /** 32 bytes in hex; deliveries are signed with it. */
  secretKey: string;
}

export type SubscriptionCommand =
  | { type: 'CreateSubscription'; subscription: Subscription }
  | { type: 'UpdateSubscription'; id: string; changes: Partial<SubscriptionSettings> }
  | { type: 'DeleteSubscription'; id: string };

export type SubscriptionEvent =
  | { type: 'WebhookSubscriptionCreated'; data: Subscription }
  | { type: 'WebhookSubscriptionUpdated'; data: { id: string } & Partial<SubscriptionSettings> }
  | { type: 'WebhookSubscriptionDeleted'; data: { id: string } };

/** An update holds only what it changes; one that changes nothing leaves no event. */
export function decideSubscription(
  command: SubscriptionCommand,
  subscription: Subscription | undefined,
): SubscriptionEvent[] | DomainError {
  if (command.type === 'CreateSubscription') {
    return [{ type: 'WebhookSubscriptionCreated', data: command.subscription }];
  }
  if (!subscription) return notFound('Webhook subscription', command.id);
  const { id } = subscription;
  switch (command.type) {
    case 'UpdateSubscription': {
      const changes = changesOf<SubscriptionSettings>(subscription, command.changes) as Partial<SubscriptionSettings>;
      if (Object.keys(changes).length === 0) return [];
      return [{ type: 'WebhookSubscriptionUpdated', data: { id, ...changes } }];
    }
    case 'DeleteSubscription':
      return [{ type: 'WebhookSubscriptionDeleted', data: { id } }];
  }
}

export function evolveSubscription(
  subscription: Subscription | undefined,
  event: SubscriptionEvent,
): Subscription | undefined {
  switch (event.type) {
    case 'WebhookSubscriptionCreated':
      return event.data;
    case 'WebhookSubscriptionUpdated':
      return subscription && { ...subscription, ...event.data };
    case 'WebhookSubscriptionDeleted':
      return undefined;
  }
}

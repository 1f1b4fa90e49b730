import { type Recording } from '#libs/event-store/event.js';
import { changesOf } from '#libs/platform/changes.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type Filters } from '../events/filters.rules.js';

/** How a delivery proves itself to the receiver, besides its signature. */
export type Authorization =
  | { _type: 'NoAuth' }
  | { _type: 'BasicAuth'; username: string; password: string }
  | { _type: 'TokenAuth'; value: string };

/** `fifo`: one after the other, in the order in which the events were recorded. `unordered`: side by side. */
export const ORDERINGS = ['unordered', 'fifo'] as const;

export type Ordering = (typeof ORDERINGS)[number];

/** Why a subscription was disabled by itself: the receiver answered 410, or nothing but failures came for days. */
export const DISABLED_REASONS = ['gone', 'failing'] as const;

export type DisabledReason = (typeof DISABLED_REASONS)[number];

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
  ordering: Ordering;
  /** Most attempts in a second; without a limit when `null`. */
  maxPerSecond: number | null;
}

/** Where the organization wants its events delivered. */
export interface Subscription extends SubscriptionSettings {
  id: string;
  /** 32 bytes in hex; deliveries are signed with it. */
  secretKey: string;
}

/** A key that was replaced; until then (ISO 8601), deliveries are signed with it, too. */
export interface PreviousSecret {
  secretKey: string;
  until: string;
}

/** A subscription with what has become of it. */
export interface RotatedSubscription extends Subscription {
  /** The keys that it had before, the newest first. */
  previousSecrets: PreviousSecret[];
  /** Why Deskstream gave the receiver up, until a client enables the subscription again. */
  disabledReason?: DisabledReason;
  /** ISO 8601, as all instants. */
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
}

/** Most subscriptions of an organization. */
export const MAX_SUBSCRIPTIONS = 5_000;

/** Keys that sign at the same time: the present one and two before it. */
export const MAX_SECRETS = 3;

/** Those of the previous keys that still count at an instant, of whichever kind. */
export function stillCounting<T extends { until: string }>(previous: T[], at: Date): T[] {
  return previous.filter(({ until }) => new Date(until) > at);
}

export type SubscriptionCommand =
  /** `existing`: how many the organization has; larger numbers may be given as the most it can have. */
  | { type: 'CreateSubscription'; subscription: Subscription; existing: number }
  | { type: 'UpdateSubscription'; id: string; changes: Partial<SubscriptionSettings> }
  | { type: 'RotateSecret'; id: string; secretKey: string; previousUntil: string; now: Date }
  | { type: 'DisableSubscription'; id: string; reason: DisabledReason; failingSince?: string }
  | { type: 'DeleteSubscription'; id: string };

export type SubscriptionEvent =
  | { type: 'WebhookSubscriptionCreated'; data: Subscription }
  | { type: 'WebhookSubscriptionUpdated'; data: { id: string } & Partial<SubscriptionSettings> }
  /**
   * Until then, deliveries are signed with the key that this one replaces, too. Keys before that one keep their own time;
   * with `endsEarlier`, which earlier versions meant by every rotation, they have ended.
   */
  | {
      type: 'WebhookSecretRotated';
      data: { id: string; secretKey: string; previousUntil: string; endsEarlier?: true };
    }
  /** Deskstream has given the receiver up; clients disable a subscription by an update. */
  | { type: 'WebhookSubscriptionDisabled'; data: { id: string; reason: DisabledReason; failingSince?: string } }
  | { type: 'WebhookSubscriptionDeleted'; data: { id: string } };

/** An update holds only what it changes; one that changes nothing leaves no event. */
export function decideSubscription(
  command: SubscriptionCommand,
  subscription: RotatedSubscription | undefined,
): SubscriptionEvent[] | DomainError {
  if (command.type === 'CreateSubscription') {
    if (command.existing >= MAX_SUBSCRIPTIONS) return tooMany();
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
    case 'RotateSecret': {
      const { secretKey, previousUntil } = command;
      const refusal = refuseMoreSecrets(subscription, command);
      if (refusal) return refusal;
      return [{ type: 'WebhookSecretRotated', data: { id, secretKey, previousUntil } }];
    }
    case 'DisableSubscription': {
      if (!subscription.enabled) return [];
      const { reason, failingSince } = command;
      return [{ type: 'WebhookSubscriptionDisabled', data: { id, reason, ...(failingSince && { failingSince }) } }];
    }
    case 'DeleteSubscription':
      return [{ type: 'WebhookSubscriptionDeleted', data: { id } }];
  }
}

/** Every key keeps the time that it was promised, so there is room for another only when one has ended. */
function refuseMoreSecrets(
  { previousSecrets }: RotatedSubscription,
  { previousUntil, now }: Extract<SubscriptionCommand, { type: 'RotateSecret' }>,
): DomainError | undefined {
  const ends = stillCounting([{ until: previousUntil }, ...previousSecrets], now).map(({ until }) => until);
  if (ends.length < MAX_SECRETS) return undefined;
  const next = stillCounting(previousSecrets, now)
    .map(({ until }) => until)
    .sort()[0];
  const instead = 'rotate after that, or with overlapHours 0, which ends the current key at once';
  return new DomainError('conflict', `${MAX_SECRETS} keys are already in use, one of them until ${next}; ${instead}`);
}

export function evolveSubscription(
  subscription: RotatedSubscription | undefined,
  event: SubscriptionEvent,
  { recordedAt, metadata }: Recording,
): RotatedSubscription | undefined {
  const [at, by] = [recordedAt.toISOString(), metadata.actorId];
  if (event.type === 'WebhookSubscriptionCreated') {
    const created = { createdAt: at, createdBy: by, updatedAt: at, updatedBy: by };
    return { ...event.data, previousSecrets: [], ...created };
  }
  const changed = subscription && changedBy(event, subscription);
  return changed && { ...changed, updatedAt: at, updatedBy: by };
}

function changedBy(
  event: Exclude<SubscriptionEvent, { type: 'WebhookSubscriptionCreated' }>,
  { disabledReason, ...subscription }: RotatedSubscription,
): RotatedSubscription | undefined {
  const given = disabledReason && { disabledReason };
  switch (event.type) {
    case 'WebhookSubscriptionUpdated':
      return { ...subscription, ...(!event.data.enabled && given), ...event.data };
    case 'WebhookSecretRotated':
      return { ...rotated({ ...subscription, ...given }, event.data) };
    case 'WebhookSubscriptionDisabled':
      return { ...subscription, enabled: false, disabledReason: event.data.reason };
    case 'WebhookSubscriptionDeleted':
      return undefined;
  }
}

type Rotation = Extract<SubscriptionEvent, { type: 'WebhookSecretRotated' }>['data'];

function rotated(subscription: RotatedSubscription, rotation: Rotation): RotatedSubscription {
  const { secretKey, previousUntil, endsEarlier } = rotation;
  const replaced = { secretKey: subscription.secretKey, until: previousUntil };
  return {
    ...subscription,
    secretKey,
    previousSecrets: [replaced, ...(endsEarlier ? [] : subscription.previousSecrets)],
  };
}

function tooMany(): DomainError {
  const most = MAX_SUBSCRIPTIONS.toLocaleString('en');
  return new DomainError(
    'conflict',
    `The organization has ${most} webhook subscriptions, which is the maximum. Delete an unused one`,
  );
}

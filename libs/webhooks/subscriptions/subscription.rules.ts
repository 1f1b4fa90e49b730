import { type Recording } from '#libs/event-store/event.js';
import { changesOf } from '#libs/platform/changes.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { type Filters } from '../events/filters.rules.js';

/** The authorization of deliveries at the receiver, besides the signature. */
export type Authorization =
  | { _type: 'NoAuth' }
  | { _type: 'BasicAuth'; username: string; password: string }
  | { _type: 'TokenAuth'; value: string };

/** `fifo`: one after the other, in the order in which the events were recorded. `unordered`: in parallel. */
export const ORDERINGS = ['unordered', 'fifo'] as const;

export type Ordering = (typeof ORDERINGS)[number];

/** Why Deskstream disabled a subscription: the receiver answered 410, or only failed for days. */
export const DISABLED_REASONS = ['gone', 'failing'] as const;

export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** The settings of a subscription that clients can change. */
export interface SubscriptionSettings {
  name: string;
  url: string;
  /** Names of the catalogue. If empty, nothing is delivered. */
  events: string[];
  enabled: boolean;
  authorization: Authorization;
  customHeaders: Record<string, string>;
  /** Filters by event name; events without filters are always delivered. */
  filters: Record<string, Filters>;
  ordering: Ordering;
  /** Maximum number of attempts per second; unlimited when `null`. */
  maxPerSecond: number | null;
}

/** A receiver of the organization's events. */
export interface Subscription extends SubscriptionSettings {
  id: string;
  /** 32 bytes in hex, which sign deliveries. */
  secretKey: string;
}

/** A replaced key, which also signs deliveries until then (ISO 8601). */
export interface PreviousSecret {
  secretKey: string;
  until: string;
}

/** A subscription with its later changes. */
export interface RotatedSubscription extends Subscription {
  /** The replaced keys, the newest first. */
  previousSecrets: PreviousSecret[];
  /** Why Deskstream disabled it, until a client enables the subscription again. */
  disabledReason?: DisabledReason;
  /** In ISO 8601, like all instants. */
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
}

/** Maximum number of subscriptions of an organization. */
export const MAX_SUBSCRIPTIONS = 5_000;

/** Maximum number of keys that sign at the same time: the current one and two before it. */
const MAX_SECRETS = 3;

/** Returns the previous keys that still count at an instant, in either form. */
export function stillCounting<T extends { until: string }>(previous: T[], at: Date): T[] {
  return previous.filter(({ until }) => new Date(until) > at);
}

export type SubscriptionCommand =
  /** `existing`: the organization's number of subscriptions; larger numbers may be capped at the maximum. */
  | { type: 'CreateSubscription'; subscription: Subscription; existing: number }
  | { type: 'UpdateSubscription'; id: string; changes: Partial<SubscriptionSettings> }
  | { type: 'RotateSecret'; id: string; secretKey: string; previousUntil: string; now: Date }
  | { type: 'DisableSubscription'; id: string; reason: DisabledReason; failingSince?: string }
  | { type: 'DeleteSubscription'; id: string };

export type SubscriptionEvent =
  | { type: 'WebhookSubscriptionCreated'; data: Subscription }
  | { type: 'WebhookSubscriptionUpdated'; data: { id: string } & Partial<SubscriptionSettings> }
  /**
   * The replaced key also signs deliveries until then. Keys before that one keep their own time; with `endsEarlier`,
   * which earlier versions meant by every rotation, they have ended.
   */
  | {
      type: 'WebhookSecretRotated';
      data: { id: string; secretKey: string; previousUntil: string; endsEarlier?: true };
    }
  /** Deskstream has disabled it; clients disable a subscription by an update. */
  | { type: 'WebhookSubscriptionDisabled'; data: { id: string; reason: DisabledReason; failingSince?: string } }
  | { type: 'WebhookSubscriptionDeleted'; data: { id: string } };

/** Returns the events of a command. An update holds only changes, and makes no event without any. */
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

/** Refuses another key until one has ended: every key keeps its promised time. */
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

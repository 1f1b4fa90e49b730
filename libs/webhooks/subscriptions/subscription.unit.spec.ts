import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import {
  decideSubscription,
  evolveSubscription,
  MAX_SUBSCRIPTIONS,
  type RotatedSubscription,
  type Subscription,
  type SubscriptionEvent,
} from './subscription.rules.js';
import { subscriptionStream } from './subscription.stream.js';

const id = '01980f61-4a2b-7e13-8c5d-2b3c4d5e6f70';
const settings = {
  name: 'CRM',
  url: 'https://crm.example.com/hook',
  events: ['TagCreated'],
  enabled: true,
  authorization: { _type: 'BasicAuth', username: 'u', password: 'p' },
  customHeaders: { 'X-Tenant': 'acme' },
  filters: {},
  ordering: 'unordered',
  maxPerSecond: null,
} as const;
const initial: Subscription = { id, secretKey: 'ab'.repeat(32), ...settings, events: [...settings.events] };
const [at, by] = [RECORDED.recordedAt.toISOString(), RECORDED.metadata.actorId];
const recorded = { createdAt: at, createdBy: by, updatedAt: at, updatedBy: by };
const state: RotatedSubscription = { ...initial, previousSecrets: [], ...recorded };
const created: SubscriptionEvent = { type: 'WebhookSubscriptionCreated', data: initial };
const subscription = given({ decide: decideSubscription, evolve: evolveSubscription, initialState: undefined });

describe('A webhook subscription', () => {
  it('is created with all its settings', () => {
    subscription().when({ type: 'CreateSubscription', subscription: initial, existing: 0 }).then([created]);
    expect(subscription(created).state).toEqual(state);
  });

  it('is not created when there are as many as there may be', () => {
    const create = { type: 'CreateSubscription', subscription: initial } as const;
    subscription()
      .when({ ...create, existing: MAX_SUBSCRIPTIONS - 1 })
      .then([created]);
    const refusal = 'The organization has 5,000 webhook subscriptions, which is the maximum. Delete an unused one';
    subscription()
      .when({ ...create, existing: MAX_SUBSCRIPTIONS })
      .then(new DomainError('conflict', refusal));
  });

  it('is updated by what changes alone', () => {
    const changes = { name: 'CRM', enabled: false, customHeaders: {} };
    const updated: SubscriptionEvent = {
      type: 'WebhookSubscriptionUpdated',
      data: { id, enabled: false, customHeaders: {} },
    };
    subscription(created).when({ type: 'UpdateSubscription', id, changes }).then([updated]);
    expect(subscription(created, updated).state).toEqual({ ...state, enabled: false, customHeaders: {} });
  });

  it('leaves no event when an update changes nothing', () => {
    const changes = { authorization: { ...settings.authorization }, events: ['TagCreated'] };
    subscription(created).when({ type: 'UpdateSubscription', id, changes }).then([]);
    subscription(created).when({ type: 'UpdateSubscription', id, changes: {} }).then([]);
  });

  const now = new Date('2026-03-14T09:26:53.589Z');
  const rotation = (key: string, day: number, more: { endsEarlier?: true } = {}) => ({
    id,
    secretKey: key.repeat(32),
    previousUntil: `2026-03-${day}T09:26:53.589Z`,
    ...more,
  });
  const rotate = (key: string, day: number) => ({ type: 'RotateSecret', ...rotation(key, day), now }) as const;
  const rotated = (key: string, day: number, more?: { endsEarlier?: true }): SubscriptionEvent => ({
    type: 'WebhookSecretRotated',
    data: rotation(key, day, more),
  });
  const until = (key: string, day: number) => ({ secretKey: key.repeat(32), until: `2026-03-${day}T09:26:53.589Z` });

  it('gets another secret key, and keeps those before for their time', () => {
    subscription(created)
      .when(rotate('cd', 15))
      .then([rotated('cd', 15)]);
    expect(subscription(created, rotated('cd', 15), rotated('ef', 20)).state).toEqual({
      ...state,
      secretKey: 'ef'.repeat(32),
      previousSecrets: [until('cd', 20), until('ab', 15)],
    });
    subscription().when(rotate('cd', 15)).then(notFound('Webhook subscription', id));
  });

  it('has three keys at once at most, unless the present one ends at once', () => {
    const full = [created, rotated('cd', 20), rotated('ef', 15)];
    const message =
      '3 keys are already in use, one of them until 2026-03-15T09:26:53.589Z; rotate after that, or with overlapHours 0, which ends the current key at once';
    subscription(...full)
      .when(rotate('09', 16))
      .then(new DomainError('conflict', message));
    subscription(...full)
      .when(rotate('09', 14))
      .then([rotated('09', 14)]);
    const oneOver = [created, rotated('cd', 14), rotated('ef', 15)];
    subscription(...oneOver)
      .when(rotate('09', 16))
      .then([rotated('09', 16)]);
  });

  it('lost earlier keys by each rotation of an earlier version', () => {
    const { previousSecrets } = subscription(created, rotated('cd', 20), rotated('ef', 15, { endsEarlier: true }))
      .state as RotatedSubscription;
    expect(previousSecrets).toEqual([until('cd', 15)]);
    const [lift] = subscriptionStream.upcasters?.WebhookSecretRotated ?? [];
    expect(lift?.(rotation('cd', 20))).toEqual(rotation('cd', 20, { endsEarlier: true }));
  });

  it('is disabled by itself once', () => {
    const data = { id, reason: 'failing', failingSince: '2026-03-09T08:12:31.407Z' } as const;
    const disabled: SubscriptionEvent = { type: 'WebhookSubscriptionDisabled', data };
    subscription(created)
      .when({ type: 'DisableSubscription', ...data })
      .then([disabled]);
    subscription(created)
      .when({ type: 'DisableSubscription', id, reason: 'gone' })
      .then([{ type: 'WebhookSubscriptionDisabled', data: { id, reason: 'gone' } }]);
    subscription(created, disabled)
      .when({ type: 'DisableSubscription', ...data })
      .then([]);
    expect(subscription(created, disabled).state).toEqual({ ...state, enabled: false, disabledReason: 'failing' });
  });

  it('does not exist any more once it is deleted', () => {
    const deleted: SubscriptionEvent = { type: 'WebhookSubscriptionDeleted', data: { id } };
    subscription(created).when({ type: 'DeleteSubscription', id }).then([deleted]);
    const missing = notFound('Webhook subscription', id);
    subscription(created, deleted).when({ type: 'DeleteSubscription', id }).then(missing);
    subscription(created, deleted)
      .when({ type: 'UpdateSubscription', id, changes: { name: 'x' } })
      .then(missing);
  });
});

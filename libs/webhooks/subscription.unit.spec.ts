import { notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { decideSubscription, evolveSubscription, type Subscription, type SubscriptionEvent } from './subscription.js';

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
const created: SubscriptionEvent = { type: 'WebhookSubscriptionCreated', data: initial };
const subscription = given({ decide: decideSubscription, evolve: evolveSubscription, initialState: undefined });

describe('A webhook subscription', () => {
  it('is created with all its settings', () => {
    subscription().when({ type: 'CreateSubscription', subscription: initial }).then([created]);
    expect(subscription(created).state).toEqual(initial);
  });

  it('is updated by what changes alone', () => {
    const changes = { name: 'CRM', enabled: false, customHeaders: {} };
    const updated: SubscriptionEvent = {
      type: 'WebhookSubscriptionUpdated',
      data: { id, enabled: false, customHeaders: {} },
    };
    subscription(created).when({ type: 'UpdateSubscription', id, changes }).then([updated]);
    expect(subscription(created, updated).state).toEqual({ ...initial, enabled: false, customHeaders: {} });
  });

  it('leaves no event when an update changes nothing', () => {
    const changes = { authorization: { ...settings.authorization }, events: ['TagCreated'] };
    subscription(created).when({ type: 'UpdateSubscription', id, changes }).then([]);
    subscription(created).when({ type: 'UpdateSubscription', id, changes: {} }).then([]);
  });

  it('gets another secret key', () => {
    const data = { id, secretKey: 'cd'.repeat(32), previousUntil: '2026-03-15T09:26:53.589Z' };
    const rotated: SubscriptionEvent = { type: 'WebhookSecretRotated', data };
    const command = { type: 'RotateSecret', ...data } as const;
    subscription(created).when(command).then([rotated]);
    expect(subscription(created, rotated).state).toEqual({ ...initial, secretKey: data.secretKey });
    subscription().when(command).then(notFound('Webhook subscription', id));
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
    expect(subscription(created, disabled).state).toEqual({ ...initial, enabled: false });
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

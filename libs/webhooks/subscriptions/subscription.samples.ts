import { samplesOf } from '#libs/testing/projected.js';
import { type SubscriptionEvent } from './subscription.rules.js';
import { subscriptionStream } from './subscription.stream.js';

const id = '01980f61-fb0c-7e13-8d5e-2b3c4d5e6f70';
const created: SubscriptionEvent = {
  type: 'WebhookSubscriptionCreated',
  data: {
    id,
    name: 'CRM',
    url: 'https://crm.example.com/hook',
    events: ['TagCreated'],
    enabled: true,
    authorization: { _type: 'TokenAuth', value: 'tr0ub4dor' },
    customHeaders: {},
    secretKey: 'ab'.repeat(32),
    filters: {},
    ordering: 'unordered',
    maxPerSecond: null,
  },
};
const disabled: SubscriptionEvent = { type: 'WebhookSubscriptionDisabled', data: { id, reason: 'gone' } };
const sealed = expect.not.stringContaining('tr0ub4dor') as unknown;
const one = (row: object) => ({ webhook_subscriptions: [{ id, ...row }] });

export const subscriptionSamples = samplesOf(subscriptionStream, id, {
  'a new subscription, with its secrets sealed': {
    given: [created],
    then: one({ name: 'CRM', events: ['TagCreated'], enabled: true, authorization: sealed, previous_secrets: [] }),
  },
  'a subscription whose settings were changed': {
    given: [
      created,
      { type: 'WebhookSubscriptionUpdated', data: { id, name: 'ERP', ordering: 'fifo', maxPerSecond: 5 } },
    ],
    then: one({ name: 'ERP', ordering: 'fifo', max_per_second: 5, url: 'https://crm.example.com/hook' }),
  },
  'the key that was replaced, until its time is over': {
    given: [
      created,
      {
        type: 'WebhookSecretRotated',
        data: { id, secretKey: 'cd'.repeat(32), previousUntil: '2099-01-01T00:00:00.000Z' },
      },
    ],
    then: one({
      previous_secrets: [{ until: '2099-01-01T00:00:00.000Z', secretKey: expect.any(String) as unknown }],
    }),
  },
  'why a subscription was disabled': {
    given: [created, disabled],
    then: one({ enabled: false, disabled_reason: 'gone' }),
  },
  'a subscription that was enabled again': {
    given: [created, disabled, { type: 'WebhookSubscriptionUpdated', data: { id, enabled: true } }],
    then: one({ enabled: true, disabled_reason: null }),
  },
  'nothing of a subscription that was deleted': {
    given: [created, { type: 'WebhookSubscriptionDeleted', data: { id } }],
    then: {},
  },
});

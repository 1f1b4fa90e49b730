import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type RecordedOf } from '#libs/event-store/event.js';
import { NOTHING_RELATED } from '../events/referenced-entities.published.js';
import { type Subscription, type SubscriptionEvent } from './subscription.rules.js';
import { WEBHOOK_EVENTS } from './subscription.webhooks.js';

type Disabled = Extract<SubscriptionEvent, { type: 'WebhookSubscriptionDisabled' }>;

const id = '01980f61-4a2b-7e13-8c5d-2b3c4d5e6f70';
const subscription: Subscription = {
  id,
  name: 'CRM',
  url: 'https://crm.example.com/hook',
  events: ['TagCreated'],
  enabled: false,
  filters: {},
  authorization: { _type: 'TokenAuth', value: 'Bearer 9f86d081' },
  customHeaders: { 'X-Key': 'tr0ub4dor' },
  secretKey: 'ab'.repeat(32),
  ordering: 'unordered',
  maxPerSecond: null,
};
const failingSince = '2026-03-09T08:12:31.407Z';

describe('The payload of a subscription that was disabled', () => {
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);

  it.each<[Disabled['data'], object]>([
    [
      { id, reason: 'gone' },
      { reason: 'GONE', failing_since: null },
    ],
    [
      { id, reason: 'failing', failingSince },
      { reason: 'FAILING', failing_since: failingSince },
    ],
  ])('says which and why, and none of its secrets: %j', (data, expected) => {
    const { data: dataOf, schema } = WEBHOOK_EVENTS.WebhookSubscriptionDisabled;
    const shown = dataOf(subscription, { data } as RecordedOf<Disabled>, NOTHING_RELATED);
    const { name } = subscription;
    expect(shown).toEqual({ webhook_subscription: { id, name, ...expected } });
    const validate = ajv.compile(schema);
    expect(validate(shown) || validate.errors).toBe(true);
  });
});

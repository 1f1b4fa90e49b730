import { type Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { type Behaviour } from '#libs/testing/faulty-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from '../support/api-client.js';
import { settled } from '../support/ledger.js';
import { nextRetries } from '../support/next-retries.js';
import {
  ACCEPT,
  type Arrival,
  REFUSE,
  type ScriptedReceiver,
  startScriptedReceiver,
} from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Attempts of a subscription that run side by side. */
const PARALLEL = 32;
const EVENTS = 40;

let app: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp({ worker: true, env: { WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2' } });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

describe('While attempts hang and other deliveries wait, a subscription', () => {
  let api: ApiClient;
  let subscription: { id: string; secretKey: string };
  let path: string;
  let held: [Socket, string][];
  beforeEach(async () => {
    api = await app.createTestOrganization();
    held = [];
    receiver.behave(
      `/${api.organizationId}`,
      () =>
        (...exchange) =>
          held.push(exchange),
    );
    subscription = await api.subscribe(receiver.url(`/${api.organizationId}`), ['TagCreated']);
    path = `/v1/webhooks/${subscription.id}`;
    await Promise.all(Array.from({ length: EVENTS }, (_, index) => api.createTag(`tag ${index}`)));
    await waitFor('attempts that hang', () => held.length === PARALLEL);
  });

  /** Answers what hangs, and accepts whatever comes then. */
  function release(behaviour: Behaviour): void {
    receiver.behave(`/${api.organizationId}`, () => ACCEPT);
    for (const exchange of held.splice(0)) behaviour(...exchange);
  }
  const arrivals = () => receiver.of(subscription.id);
  const books = () =>
    settled(app.database, api.organizationId, { subscriptions: [subscription.id], requests: receiver.arrivals });
  const states = async () => new Set((await books()).map(({ state }) => state));

  it('that is deleted gets nothing more: what waits is cancelled', async () => {
    await api.delete(path);
    release(REFUSE);
    const entries = await books();
    expect(new Set(entries.map(({ state }) => state))).toEqual(new Set(['cancelled']));
    expect(entries.filter(({ outcomes }) => outcomes.length > 0)).toHaveLength(PARALLEL);
    await nextRetries(app, receiver);
    expect(arrivals()).toHaveLength(PARALLEL);
  });

  it('that is disabled gets nothing more until it is enabled again', async () => {
    await api.patch(path, { enabled: false });
    release(REFUSE);
    await waitFor('the answers to be noted', async () => {
      const text = 'SELECT FROM webhook_deliveries WHERE subscription_id = $1 AND attempts = 1';
      return (await app.database.sql(text, [subscription.id])).length === PARALLEL;
    });
    await nextRetries(app, receiver);
    expect(arrivals()).toHaveLength(PARALLEL);
    await api.patch(path, { enabled: true });
    expect(await states()).toEqual(new Set(['delivered']));
  });

  it('that is pointed elsewhere gets the rest and the next attempts there', async () => {
    await api.patch(path, { url: receiver.url('/elsewhere') });
    release(REFUSE);
    expect(await states()).toEqual(new Set(['delivered']));
    const later = arrivals().slice(PARALLEL);
    expect(later).toHaveLength(EVENTS);
    expect(new Set(later.map((arrival) => arrival.path))).toEqual(new Set(['/elsewhere']));
  });

  it('whose secret is rotated gets the rest signed by both keys', async () => {
    const { data } = (await api.post(`${path}/rotate-secret`, { overlapHours: 1 })).body;
    release(REFUSE);
    expect(await states()).toEqual(new Set(['delivered']));
    const later = arrivals().slice(PARALLEL);
    expect(later).toHaveLength(EVENTS);
    for (const arrival of later) {
      for (const key of [data.secretKey, subscription.secretKey])
        expect(() => {
          verify(arrival, key);
        }).not.toThrow();
    }
    expect(() => {
      verify(arrivals()[0], data.secretKey);
    }).toThrow();
  });
});

function verify(arrival: Arrival | undefined, secretKey: string): void {
  const webhook = new Webhook(Buffer.from(secretKey, 'hex').toString('base64'));
  webhook.verify(arrival?.body as string, arrival?.headers as Record<string, string>);
}

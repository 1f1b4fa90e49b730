import { type Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { answering } from '#libs/testing/faulty-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { FIRST_ATTEMPTS } from '#libs/webhooks/delivery/draining/concurrency-window.js';
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

const REFUSED = FIRST_ATTEMPTS / 4;
const EVENTS = FIRST_ATTEMPTS + 16;

let app: TestApp;
let receiver: ScriptedReceiver;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp({
    worker: true,
    env: { WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2', WEBHOOK_TIMEOUT_SECONDS: '60' },
  });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

/** A subscription of which some attempts hang and other deliveries wait. */
async function hangingSubscription() {
  const api = await app.createTestOrganization();
  const held: [Socket, string][] = [];
  const place = `/${api.organizationId}`;
  receiver.behave(
    place,
    () =>
      (...exchange) =>
        held.push(exchange),
  );
  const { id, secretKey } = await api.subscribe(receiver.url(place), ['TagCreated']);
  await Promise.all(Array.from({ length: EVENTS }, (_, index) => api.createTag(`tag ${index}`)));
  const deliveries = () => app.database.sql('SELECT FROM webhook_deliveries WHERE subscription_id = $1', [id]);
  const stored = async () => (await deliveries()).length;
  await waitFor('all to be there', async () => (await stored()) === EVENTS, stored);
  await waitFor(
    'attempts that hang',
    () => held.length === FIRST_ATTEMPTS,
    () => held.length,
  );
  const books = () => settled(app.database, api.organizationId, { subscriptions: [id], requests: receiver.arrivals });
  return {
    api,
    id,
    secretKey,
    path: `/v1/webhooks/${id}`,
    books,
    states: async () => new Set((await books()).map(({ state }) => state)),
    /** Refuses some of what hangs, too few for a pause, and accepts the rest and whatever comes then. */
    release: (refuse = REFUSE) => {
      receiver.behave(place, () => ACCEPT);
      for (const [index, exchange] of held.entries()) (index % 4 === 0 ? refuse : ACCEPT)(...exchange);
    },
  };
}

describe('While attempts hang and other deliveries wait, a subscription', () => {
  it.concurrent('that is deleted gets nothing more: what waits is cancelled', async () => {
    const { api, id, path, books, release } = await hangingSubscription();
    await api.delete(path);
    release();
    const entries = await books();
    expect(entries.filter(({ outcomes }) => outcomes.length > 0)).toHaveLength(FIRST_ATTEMPTS);
    expect(entries.filter(({ state }) => state === 'cancelled').length).toBeGreaterThanOrEqual(EVENTS - FIRST_ATTEMPTS);
    await nextRetries(app, receiver);
    expect(receiver.of(id)).toHaveLength(FIRST_ATTEMPTS);
  });

  it.concurrent('that is disabled gets nothing more until it is enabled again', async () => {
    const { api, id, path, states, release } = await hangingSubscription();
    await api.patch(path, { enabled: false });
    release();
    await waitFor('the answers to be noted', async () => {
      const text = 'SELECT FROM webhook_deliveries WHERE subscription_id = $1 AND attempts = 1';
      return (await app.database.sql(text, [id])).length === FIRST_ATTEMPTS;
    });
    await nextRetries(app, receiver);
    expect(receiver.of(id)).toHaveLength(FIRST_ATTEMPTS);
    await api.patch(path, { enabled: true });
    expect(await states()).toEqual(new Set(['delivered']));
  });

  it.concurrent('that is pointed elsewhere gets the rest and the next attempts there', async () => {
    const { api, id, path, states, release } = await hangingSubscription();
    await api.patch(path, { url: receiver.url('/elsewhere') });
    release();
    expect(await states()).toEqual(new Set(['delivered']));
    const later = receiver.of(id).slice(FIRST_ATTEMPTS);
    expect(later).toHaveLength(EVENTS - FIRST_ATTEMPTS + REFUSED);
    expect(new Set(later.map((arrival) => arrival.path))).toEqual(new Set(['/elsewhere']));
  });

  it.concurrent('whose receiver is gone is sent nothing more from the first such answer on', async () => {
    const { api, id, path, release } = await hangingSubscription();
    release(answering('410 Gone'));
    await waitFor('the end of the subscription', async () => !(await api.get(path)).body.data.enabled);
    expect((await api.get(path)).body.data.disabledReason).toBe('gone');
    await nextRetries(app, receiver);
    expect(receiver.of(id)).toHaveLength(FIRST_ATTEMPTS);
  });

  it.concurrent('that is pointed elsewhere begins there anew, whatever comes of the attempts before', async () => {
    const { api, path, states, release } = await hangingSubscription();
    await api.patch(path, { url: receiver.url('/elsewhere') });
    release(answering('429 Too Many Requests', { 'retry-after': '3600' }));
    expect(await states()).toEqual(new Set(['delivered']));
    expect((await api.get(path)).body.data.health).toEqual({ failures: 0 });
  });

  it.concurrent('that is pointed elsewhere is not disabled because the place before is gone', async () => {
    const { api, path, states, release } = await hangingSubscription();
    await api.patch(path, { url: receiver.url('/elsewhere') });
    release(answering('410 Gone'));
    expect(await states()).toEqual(new Set(['delivered']));
    expect((await api.get(path)).body.data).toMatchObject({ enabled: true });
  });

  it.concurrent('whose secret is rotated gets the rest signed by both keys', async () => {
    const { api, id, secretKey, path, states, release } = await hangingSubscription();
    const { data } = (await api.post(`${path}/rotate-secret`, { overlapHours: 1 })).body;
    release();
    expect(await states()).toEqual(new Set(['delivered']));
    const later = receiver.of(id).slice(FIRST_ATTEMPTS);
    expect(later).toHaveLength(EVENTS - FIRST_ATTEMPTS + REFUSED);
    for (const arrival of later) {
      for (const key of [data.secretKey, secretKey])
        expect(() => {
          verify(arrival, key);
        }).not.toThrow();
    }
    expect(() => {
      verify(receiver.of(id)[0], data.secretKey);
    }).toThrow();
  });
});

function verify(arrival: Arrival | undefined, secretKey: string): void {
  const webhook = new Webhook(Buffer.from(secretKey, 'hex').toString('base64'));
  webhook.verify(arrival?.body as string, arrival?.headers as Record<string, string>);
}

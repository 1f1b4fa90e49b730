import { type Socket } from 'node:net';
import { type Behaviour } from '#libs/testing/faulty-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { DELIVERIES_QUEUE } from '#libs/webhooks/delivery/draining/drain-scheduler.js';
import { ApiClient } from '../support/api-client.js';
import { forgetAllJobs } from '../support/jobs.js';
import { settled } from '../support/ledger.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** So slowly that two workers would come across each other. */
const slowly: Behaviour = (socket, request) => {
  setTimeout(() => {
    ACCEPT(socket, request);
  }, 10);
};
const env = { WEBHOOK_RETRY_SCHEDULE: '0.2,0.2,0.2' };

let app: TestApp;
let receiver: ScriptedReceiver;
let api: ApiClient;
beforeAll(async () => {
  receiver = await startScriptedReceiver();
  app = await startTestApp({ worker: true, env });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const books = (...subscriptions: string[]) =>
  settled(app.database, api.organizationId, { subscriptions, requests: receiver.arrivals });

describe('Deliveries', () => {
  it('are made once by two workers on one database, and all of them by the one that is left', async () => {
    const second = await startTestApp({ worker: true, env, beside: app });
    for (const path of ['/one', '/two']) receiver.behave(path, () => slowly);
    const subscriptions = [
      await api.subscribe(receiver.url('/one'), ['TagCreated']),
      await api.subscribe(receiver.url('/two'), ['TagCreated'], { ordering: 'fifo' }),
    ].map(({ id }) => id);
    const writers = [api, new ApiClient(second.url, api.token), api, new ApiClient(second.url, api.token)];
    const write = async (count: number) =>
      Promise.all(
        writers.map(async (writer, index) => {
          for (let n = 0; n < count / writers.length; n++) await writer.createTag(`tag ${count} ${index} ${n}`);
        }),
      );
    // As workers add them, but so many that both take some while deliveries are being made.
    const jobs = Array.from({ length: 50 }, () => ({ name: 'drain', data: [api.organizationId] }));
    await Promise.all([write(400), second.runtime.worker?.jobs.queue(DELIVERIES_QUEUE).addBulk(jobs)]);
    await waitFor('some to have come', () => receiver.of(subscriptions[1] as string).length > 50);
    await second.close();
    writers.splice(0, 4, api, api);
    await write(100);
    const entries = await books(...subscriptions);
    expect(entries).toHaveLength(1_000);
    expect(new Set(entries.map(({ outcomes }) => outcomes.join()))).toEqual(new Set(['delivered']));
  });

  it('are begun through jobs, time and again', async () => {
    const { id } = await api.subscribe(receiver.url('/'), ['TagCreated']);
    const jobs = async () => {
      const [row] = await app.database.sql<{ count: number }>(
        "SELECT sum(last_value)::int AS count FROM pg_sequences WHERE schemaname = 'bullmq' AND sequencename LIKE 'bullmq_jid_%'",
      );
      return row?.count ?? 0;
    };
    for (let count = 1; count <= 3; count++) {
      const before = await jobs();
      await api.createTag(`tag ${count}`);
      await waitFor('the delivery', () => receiver.of(id).length === count);
      if (!app.runtime.config.redisUrl) expect(await jobs()).toBeGreaterThan(before);
      await books(id);
      await waitFor('the end of the drain', async () => {
        const [health] = await app.database.sql(
          'SELECT FROM webhook_health WHERE subscription_id = $1 AND lease_until <= now()',
          [id],
        );
        return health !== undefined;
      });
    }
  });

  it('that are due are made although the job queue has forgotten everything', async () => {
    const held: [Socket, string][] = [];
    receiver.behave(
      '/held',
      () =>
        (...exchange) =>
          held.push(exchange),
    );
    receiver.behave('/failing', ({ attempt }) => (attempt === 1 ? REFUSE : ACCEPT));
    const fifo = await api.subscribe(receiver.url('/held'), ['TagCreated'], { ordering: 'fifo' });
    const failing = await api.subscribe(receiver.url('/failing'), ['TagCreated']);
    for (let count = 0; count < 5; count++) await api.createTag(`tag ${count}`);
    await waitFor('the first attempts', () => held.length === 1 && receiver.of(failing.id).length >= 5);
    await forgetAllJobs(app);
    await api.createTag('afterwards');
    receiver.behave('/held', () => ACCEPT);
    for (const exchange of held) ACCEPT(...exchange);
    const entries = await books(fifo.id, failing.id);
    expect(new Set(entries.map(({ state }) => state))).toEqual(new Set(['delivered']));
  });
});

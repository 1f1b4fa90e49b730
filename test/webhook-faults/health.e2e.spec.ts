import { answering } from '#libs/testing/faulty-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from '../support/api-client.js';
import { settled } from '../support/ledger.js';
import { nextRetries } from '../support/next-retries.js';
import { ACCEPT, REFUSE, type ScriptedReceiver, startScriptedReceiver } from '../support/scripted-receiver.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

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

const books = (api: ApiClient, ...subscriptions: string[]) =>
  settled(app.database, api.organizationId, { subscriptions, requests: receiver.arrivals });
const subscription = async (api: ApiClient, id: string) => (await api.get(`/v1/webhooks/${id}`)).body.data;

/** What another subscription is told about one that was disabled. */
async function noticeOf(watching: string) {
  const [notice] = await waitFor('the notice', () => receiver.of(watching).length > 0 && receiver.of(watching));
  return JSON.parse(notice?.body as string).data.webhook_subscription;
}

/** Attempts as logged, in the order of their beginnings; times in milliseconds. */
function attemptsOf(id: string): Promise<{ began: number; ended: number }[]> {
  return app.database.sql(
    `SELECT extract(epoch FROM started_at)::float8 * 1000 AS began,
       extract(epoch FROM started_at)::float8 * 1000 + duration_ms AS ended
     FROM webhook_attempts WHERE subscription_id = $1 ORDER BY began`,
    [id],
  );
}

describe('A receiver', () => {
  it.concurrent('that says when to come back gets nothing at all before, while others are served', async () => {
    const api = await app.createTestOrganization();
    receiver.behave('/busy', () => answering('429 Too Many Requests', { 'retry-after': '8' }));
    const busy = await api.subscribe(receiver.url('/busy'), ['TagCreated']);
    const free = await api.subscribe(receiver.url('/free'), ['TagCreated']);
    await api.createTag('first');
    await waitFor('its answer to be noted', async () => (await attemptsOf(busy.id)).length > 0);
    receiver.behave('/busy', () => ACCEPT);
    for (const name of ['second', 'third']) await api.createTag(name);
    await books(api, busy.id, free.id);
    const [first = 0, ...later] = receiver.of(busy.id).map(({ at }) => at);
    expect(later).toHaveLength(3);
    expect(Math.min(...later) - first).toBeGreaterThanOrEqual(8_000);
    expect(Math.max(...receiver.of(free.id).map(({ at }) => at))).toBeLessThan(Math.min(...later));
  });

  it.concurrent(
    'that is gone gets nothing more until it is enabled again, and other subscriptions are told',
    async () => {
      const api = await app.createTestOrganization();
      receiver.behave('/gone', () => answering('410 Gone'));
      const gone = await api.subscribe(receiver.url('/gone'), ['TagCreated']);
      const watching = await api.subscribe(receiver.url('/watching'), ['WebhookSubscriptionDisabled']);
      await api.createTag('VIP');
      expect(await noticeOf(watching.id)).toMatchObject({ id: gone.id, reason: 'GONE' });
      expect(await subscription(api, gone.id)).toMatchObject({ enabled: false });
      receiver.behave('/gone', () => ACCEPT);
      await nextRetries(app, receiver);
      expect(receiver.of(gone.id)).toHaveLength(1);
      await api.patch(`/v1/webhooks/${gone.id}`, { enabled: true });
      expect(await books(api, gone.id)).toMatchObject([{ state: 'delivered', outcomes: ['gone', 'delivered'] }]);
    },
  );

  it.concurrent(
    'that fails ten times in a row is probed, one attempt at a time with pauses, until it answers',
    async () => {
      const api = await app.createTestOrganization();
      receiver.behave('/down', () => REFUSE);
      const { id } = await api.subscribe(receiver.url('/down'), ['TagCreated']);
      await Promise.all(Array.from({ length: 60 }, (_, index) => api.createTag(`tag ${index}`)));
      const probes = async () => {
        const attempts = await attemptsOf(id);
        const tripped = attempts.map(({ ended }) => ended).sort((a, b) => a - b)[9] ?? Infinity;
        return attempts.filter(({ began }) => began > tripped);
      };
      const probed = await waitFor('three probes', async () => {
        const found = await probes();
        return found.length >= 3 && found;
      });
      expect(await subscription(api, id)).toMatchObject({
        enabled: true,
        health: { failures: receiver.of(id).length },
      });
      const pauses = probed.slice(1).map(({ began }, index) => began - (probed[index]?.ended ?? 0));
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(990);
      receiver.behave('/down', () => ACCEPT);
      const entries = await books(api, id);
      expect(new Set(entries.map(({ state }) => state))).toEqual(new Set(['delivered']));
      expect(await subscription(api, id)).toMatchObject({ health: { failures: 0 } });
    },
  );

  it.concurrent(
    'that has done nothing but fail for five days is disabled; enabling it again begins a new count',
    async () => {
      const api = await app.createTestOrganization();
      receiver.behave('/dead', ({ attempt }) => (attempt <= 2 ? REFUSE : ACCEPT));
      const dead = await api.subscribe(receiver.url('/dead'), ['TagCreated']);
      const watching = await api.subscribe(receiver.url('/watching'), ['WebhookSubscriptionDisabled']);
      await app.database.sql(
        `UPDATE webhook_subscriptions SET failures_count_from = date_trunc('milliseconds', now() - interval '6 days') WHERE id = $1`,
        [dead.id],
      );
      await app.database.sql(
        `INSERT INTO webhook_health (organization_id, subscription_id, failures, failing_since, counts_from)
       SELECT $1, $2, 9, now() - interval '5 days', failures_count_from FROM webhook_subscriptions WHERE id = $2`,
        [api.organizationId, dead.id],
      );
      await api.createTag('VIP');
      const { id, reason, failing_since: failingSince } = await noticeOf(watching.id);
      expect({ id, reason }).toEqual({ id: dead.id, reason: 'FAILING' });
      expect((Date.now() - Date.parse(failingSince as string)) / 86_400_000).toBeCloseTo(5, 2);
      expect(await subscription(api, dead.id)).toMatchObject({ enabled: false });
      await nextRetries(app, receiver);
      expect(receiver.of(dead.id)).toHaveLength(1);
      await api.patch(`/v1/webhooks/${dead.id}`, { enabled: true });
      expect(await books(api, dead.id)).toMatchObject([{ outcomes: ['refused', 'refused', 'delivered'] }]);
      expect(await subscription(api, dead.id)).toMatchObject({ enabled: true, health: { failures: 0 } });
    },
  );
});

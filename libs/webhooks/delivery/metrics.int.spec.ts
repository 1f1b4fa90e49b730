import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import { WorkerDatabase } from '#libs/database/database.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { watchFailing } from './draining/failing-metrics.js';
import { countAttempt, countExhausted, observeDelivery, watchBacklog } from './metrics.js';

const lines = async () => (await register.metrics()).split('\n');

describe('The figures of webhooks', () => {
  // Other tests may have run in this process.
  beforeAll(() => {
    register.resetMetrics();
  });

  it('count attempts by how they ended, and how long they took', async () => {
    countAttempt('delivered', 40);
    countAttempt('delivered', 60);
    countAttempt('timeout', 15_004);
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'deskstream_webhook_attempts_total{outcome="delivered"} 2',
        'deskstream_webhook_attempts_total{outcome="timeout"} 1',
        'deskstream_webhook_attempt_duration_seconds_bucket{le="0.05",outcome="delivered"} 1',
        'deskstream_webhook_attempt_duration_seconds_sum{outcome="delivered"} 0.1',
        'deskstream_webhook_attempt_duration_seconds_bucket{le="15",outcome="timeout"} 0',
        'deskstream_webhook_attempt_duration_seconds_bucket{le="30",outcome="timeout"} 1',
      ]),
    );
  });

  it('count deliveries that failed for good', async () => {
    countExhausted();
    expect(await lines()).toContain('deskstream_webhook_deliveries_exhausted_total 1');
  });

  it('tell how long events took to arrive, from milliseconds to the end of the schedule', async () => {
    for (const latency of [4, 90, 27.6 * 3_600_000]) observeDelivery(latency);
    const buckets = (await lines()).filter((line) => line.startsWith('deskstream_webhook_delivery_latency_seconds'));
    expect(buckets).toEqual(
      expect.arrayContaining([
        'deskstream_webhook_delivery_latency_seconds_bucket{le="0.005"} 1',
        'deskstream_webhook_delivery_latency_seconds_bucket{le="0.1"} 2',
        'deskstream_webhook_delivery_latency_seconds_bucket{le="64800"} 2',
        'deskstream_webhook_delivery_latency_seconds_bucket{le="100800"} 3',
      ]),
    );
  });
});

const ENABLED_AT = '2026-01-01T00:00:00Z';

async function subscribe(database: TestDatabase, enabled: boolean, organizationId: string = randomUUID()) {
  const keys = [organizationId, randomUUID()];
  await database.sql(
    `INSERT INTO webhook_subscriptions (organization_id, id, name, url, events, enabled, filters, "authorization",
       custom_headers, secret_key, created_at, created_by, updated_at, updated_by, failures_count_from, ordering)
     VALUES ($1, $2, '', '', '{}', $3, '{}', '', '', '', now(), $1, now(), $1, $4, 'unordered')`,
    [...keys, enabled, ENABLED_AT],
  );
  return keys;
}

describe('The figure of what is waiting', () => {
  let database: TestDatabase;
  let worker: WorkerDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    worker = await WorkerDatabase.open({ url: database.appUrl, role: 'deskstream_worker' });
    watchBacklog(worker);
  });
  afterAll(() => database.drop());

  const waiting = async () =>
    (await lines()).filter((line) => line.startsWith('deskstream_webhook_deliveries_pending'));

  const subscription = (enabled: boolean, organizationId?: string) => subscribe(database, enabled, organizationId);

  const deliver = (keys: string[], state: string, due: string) =>
    database.sql(
      `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, state, next_attempt_at)
       VALUES ($1, $2, uuidv7(), 'TagCreated', 1, $3, $4)`,
      [...keys, state, due],
    );

  it('is nothing at first', async () => {
    expect(await waiting()).toEqual([
      'deskstream_webhook_deliveries_pending{state="due"} 0',
      'deskstream_webhook_deliveries_pending{state="waiting"} 0',
    ]);
  });

  it('tells what is due from what waits for its time, or for a receiver that is paused or disabled', async () => {
    const [active, disabled, paused] = [await subscription(true), await subscription(false), await subscription(true)];
    await database.sql(
      `INSERT INTO webhook_health (organization_id, subscription_id, paused_until) VALUES ($1, $2, 'infinity')`,
      paused,
    );
    for (const due of ['now', '-infinity', '1 hour']) {
      await deliver(active, 'pending', due === '1 hour' ? new Date(Date.now() + 3_600_000).toISOString() : due);
    }
    await deliver(disabled, 'pending', 'now');
    await deliver(paused, 'pending', 'now');
    for (const state of ['delivered', 'exhausted', 'cancelled']) await deliver(active, state, 'now');
    expect(await waiting()).toEqual([
      'deskstream_webhook_deliveries_pending{state="due"} 2',
      'deskstream_webhook_deliveries_pending{state="waiting"} 3',
    ]);
  });

  it('does not lose sight of what is due behind very much that is not', async () => {
    const disabled = await subscription(false, '00000000-0000-0000-0000-000000000000');
    await database.sql(
      `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position)
       SELECT $1, $2, uuidv7(), 'TagCreated', 1 FROM generate_series(1, 100001)`,
      disabled,
    );
    expect(await waiting()).toEqual([
      'deskstream_webhook_deliveries_pending{state="due"} 2',
      'deskstream_webhook_deliveries_pending{state="waiting"} 99998',
    ]);
  });

  it('is left out while the database is unavailable, and the others are shown', async () => {
    Logger.overrideLogger(false);
    await worker.close();
    expect(await waiting()).toEqual([]);
    expect((await lines()).join()).toContain('deskstream_webhook_attempts_total');
  });
});

describe('The figures of failing subscriptions', () => {
  let database: TestDatabase;
  let worker: WorkerDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    worker = await WorkerDatabase.open({ url: database.appUrl, role: 'deskstream_worker' });
    watchFailing(worker);
  });
  afterAll(async () => {
    await worker.close();
    await database.drop();
  });

  const fail = async (failures: number, { enabled = true, since = ENABLED_AT } = {}) => {
    const keys = await subscribe(database, enabled);
    await database.sql(
      `INSERT INTO webhook_health (organization_id, subscription_id, failures, counts_from) VALUES ($1, $2, $3, $4)`,
      [...keys, failures, since],
    );
    return keys;
  };
  const named = (all: string[]) => all.filter((line) => line.startsWith('deskstream_webhook_subscription_failures{'));

  it('count those that are enabled and still fail, and those whose breaker is open', async () => {
    await fail(0);
    const [organization, subscription] = await fail(9);
    await fail(10);
    await fail(50, { enabled: false });
    await fail(50, { since: '2025-01-01T00:00:00Z' });
    const all = await lines();
    expect(all).toContain('deskstream_webhook_subscriptions_failing 2');
    expect(all).toContain('deskstream_webhook_breakers_tripped 1');
    expect(all).toContain(
      `deskstream_webhook_subscription_failures{organization="${organization}",subscription="${subscription}"} 9`,
    );
    expect(named(all)).toHaveLength(2);
  });

  it('name only the 20 that fail worst', async () => {
    for (let failures = 100; failures < 120; failures++) await fail(failures);
    const figures = named(await lines()).map((line) => Number(line.split(' ')[1]));
    expect(figures).toEqual(Array.from({ length: 20 }, (_, index) => 119 - index));
  });
});

import { randomUUID } from 'node:crypto';
import { register } from 'prom-client';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { staged } from '#libs/event-store/staged.js';
import { connectTo } from '#libs/testing/connections.js';
import { counterStream, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { RELAY_CONSUMER } from '../../log/redaction.published.js';
import { watchLed, watchRelay } from './relay-metrics.js';

let world: TestStore;
beforeAll(async () => {
  world = await createTestStore();
  watchRelay(world.worker);
});
afterAll(() => world.close());

/** Returns the figure of a gauge without labels. */
async function figure(name: string): Promise<number | undefined> {
  const values = (await register.getSingleMetric(name)?.get())?.values ?? [];
  return values[0]?.value;
}

describe("The relay's lag", () => {
  it('is nothing while there are no events', async () => {
    expect(await figure('deskstream_relay_lag_events')).toBe(0);
    expect(await figure('deskstream_relay_lag_seconds')).toBe(0);
  });

  it('counts the events of all partitions, and tells the age of the oldest, while the relay stands still', async () => {
    const context = world.context();
    const nothing = { state: counterStream.initialState, version: 0 };
    const changes = [1, 2, 3].map((by) => staged(counterStream, randomUUID(), nothing, [raise(by)]));
    await world.store.commit(changes, context, [], new Date(Date.now() - 20_000));
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], world.context());
    expect(await figure('deskstream_relay_lag_events')).toBe(4);
    expect(await figure('deskstream_relay_lag_seconds')).toBeGreaterThanOrEqual(20);
  });

  it('ends where the relay has stored that it is', async () => {
    await world.test.sql(
      `UPDATE checkpoints SET position = (SELECT max(position) FROM events) WHERE starts_with(consumer, $1)`,
      [`${RELAY_CONSUMER}/`],
    );
    expect(await figure('deskstream_relay_lag_events')).toBe(0);
    expect(await figure('deskstream_relay_lag_seconds')).toBe(0);
  });

  it('counts no more than 1,000 events of a partition', async () => {
    await world.test.sql(`UPDATE checkpoints SET position = 0 WHERE starts_with(consumer, $1)`, [`${RELAY_CONSUMER}/`]);
    const { organizationId, actorId } = world.context();
    const events = Array.from({ length: 1_100 }, () => raise(1));
    await world.store.append(counterStream, randomUUID(), 0, events, { organizationId, actorId });
    expect(await figure('deskstream_relay_lag_events')).toBeLessThanOrEqual(1_004);
    expect(await figure('deskstream_relay_lag_events')).toBeGreaterThanOrEqual(1_000);
  });
});

describe('The partitions that a process leads', () => {
  const led = async () =>
    (await register.getSingleMetric('deskstream_relay_partition_led')?.get())?.values.map(({ labels, value }) => [
      labels.partition,
      value,
    ]);

  it('are told by number', async () => {
    const checkpoints = new Checkpoints(world.worker, RELAY_CONSUMER, randomUUID());
    watchLed(() => checkpoints.held);
    expect(await led()).toEqual([]);
    const alive = await connectTo(world.test.appUrl);
    await alive.query('SELECT show_holder_alive($1)', [checkpoints.holder]);
    await checkpoints.renew(new Set());
    expect(await led()).toHaveLength(64);
    expect(await led()).toContainEqual([String(partitionOf(randomUUID())), 1]);
    await checkpoints.resign();
    expect(await led()).toEqual([]);
    await alive.end();
  });
});

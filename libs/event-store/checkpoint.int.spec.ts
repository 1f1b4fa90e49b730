import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { connectTo } from '#libs/testing/connections.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { Checkpoints, isFenced, type Leadership } from './checkpoint.js';
import { PARTITIONS } from './partitions.js';

const NONE: ReadonlySet<number> = new Set();

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore();
});
afterEach(() => world.close());

/** Starts a process that shows that it is alive until its connection ends. */
async function startProcess(): Promise<{ checkpoints: Checkpoints; connection: pg.Client }> {
  const holder = randomUUID();
  const connection = await connectTo(world.test.appUrl);
  await connection.query('SELECT show_holder_alive($1)', [holder]);
  return { checkpoints: new Checkpoints(world.worker, 'webhooks', holder), connection };
}

/** Renews the leases of a process, and gives back those that exceed its share. */
async function renew({ checkpoints }: { checkpoints: Checkpoints }): Promise<number> {
  const surplus = await checkpoints.renew(NONE);
  if (surplus > 0) await checkpoints.resign(checkpoints.held.slice(-surplus));
  return checkpoints.held.length;
}

const first = ({ checkpoints }: { checkpoints: Checkpoints }): Leadership => {
  const leadership = checkpoints.leadershipOf(checkpoints.held[0] as number);
  if (!leadership) throw new Error('It leads nothing');
  return leadership;
};

const positions = () =>
  world.test.sql('SELECT consumer, position::int FROM checkpoints WHERE position > 0 ORDER BY consumer');

describe('Checkpoints', () => {
  it('are all led by a process that is alone, and shared evenly with those that join', async () => {
    const [one, other, third] = [await startProcess(), await startProcess(), await startProcess()];
    expect(await renew(one)).toBe(PARTITIONS);
    expect(await renew(other)).toBe(0);
    expect([await renew(one), await renew(other)]).toEqual([PARTITIONS / 2, PARTITIONS / 2]);
    await renew(third);
    const shares = [await renew(one), await renew(other), await renew(third)].sort();
    expect(shares).toEqual([20, 22, 22]);
    const held = [one, other, third].flatMap(({ checkpoints }) => checkpoints.held);
    expect(new Set(held).size).toBe(PARTITIONS);
    for (const { connection } of [one, other, third]) await connection.end();
  });

  it('go to the others at once when a process gives them back', async () => {
    const [one, other] = [await startProcess(), await startProcess()];
    await renew(one);
    await one.checkpoints.resign();
    expect(await renew(other)).toBe(PARTITIONS);
    for (const { connection } of [one, other]) await connection.end();
  });

  it('go to the others when the connection of a process has ended, before its leases have', async () => {
    const [dead, other] = [await startProcess(), await startProcess()];
    await renew(dead);
    await dead.connection.end();
    await waitFor('the other to lead all', async () => (await renew(other)) === PARTITIONS);
    const leases = await world.test.sql('SELECT FROM partition_holders');
    expect(leases.length).toBe(2);
    await other.connection.end();
  });

  it('go to the others when a process is cut off and its leases have run out', async () => {
    const [cutOff, other] = [await startProcess(), await startProcess()];
    await renew(cutOff);
    await world.test.sql("UPDATE checkpoints SET lease_until = now() - interval '1 second'");
    await world.test.sql("UPDATE partition_holders SET seen_at = now() - interval '6 seconds'");
    expect(await renew(other)).toBe(PARTITIONS);
    for (const { connection } of [cutOff, other]) await connection.end();
  });

  it('are not led by a process that is not shown to be alive', async () => {
    const hidden = { checkpoints: new Checkpoints(world.worker, 'webhooks', randomUUID()) };
    expect(await renew(hidden)).toBe(0);
  });

  it('are moved together with the work that they account for', async () => {
    const one = await startProcess();
    await renew(one);
    const leadership = first(one);
    await world.worker.write(null, [one.checkpoints.advance(leadership, 5)]);
    await world.worker.write(null, [one.checkpoints.advance(leadership, 9)]);
    expect(await positions()).toEqual([{ consumer: `webhooks/${leadership.partition}`, position: 9 }]);
    await one.connection.end();
  });

  it('account for pages that concerned nobody when leases are renewed, but not where they are being moved', async () => {
    const one = await startProcess();
    await renew(one);
    const [idle, busy] = one.checkpoints.held.map((partition) => one.checkpoints.leadershipOf(partition)) as [
      Leadership,
      Leadership,
    ];
    [idle.position, busy.position] = [7, 8];
    await one.checkpoints.renew(new Set([busy.partition]));
    expect(await positions()).toEqual([{ consumer: `webhooks/${idle.partition}`, position: 7 }]);
    expect(one.checkpoints.leadershipOf(busy.partition)?.position).toBe(8);
    await one.connection.end();
  });

  it('refuse the work of a leader that has been succeeded, as a whole', async () => {
    const [old, successor] = [await startProcess(), await startProcess()];
    await renew(old);
    const leadership = first(old);
    await world.worker.write(null, [old.checkpoints.advance(leadership, 5)]);
    await old.connection.end();
    await waitFor('the successor', async () => (await renew(successor)) === PARTITIONS);
    expect(successor.checkpoints.leadershipOf(leadership.partition)).toMatchObject({
      epoch: leadership.epoch + 1,
      position: 5,
    });
    const late = world.worker.write(null, [
      { text: "INSERT INTO checkpoints VALUES ('side effect', 0, 1, NULL, now())" },
      old.checkpoints.advance(leadership, 9),
    ]);
    expect(isFenced(await late.catch((error: unknown) => error))).toBe(true);
    expect(await positions()).toEqual([{ consumer: `webhooks/${leadership.partition}`, position: 5 }]);
    await successor.connection.end();
  });

  it('are known as the database has them after a renewal that failed', async () => {
    const one = await startProcess();
    await renew(one);
    const leadership = first(one);
    leadership.position = 7;
    await world.test.sql('ALTER TABLE partition_holders RENAME TO away');
    await expect(one.checkpoints.renew(NONE)).rejects.toThrow();
    await world.test.sql('ALTER TABLE away RENAME TO partition_holders');
    await renew(one);
    const again = one.checkpoints.leadershipOf(leadership.partition) as Leadership;
    expect(again.position).toBe(0);
    again.position = 7;
    await renew(one);
    expect(await positions()).toEqual([{ consumer: `webhooks/${leadership.partition}`, position: 7 }]);
    await one.connection.end();
  });

  it('are looked at anew by a process that does not know what was stored', async () => {
    const one = await startProcess();
    await renew(one);
    const { partition } = first(one);
    await world.test.sql('UPDATE checkpoints SET position = 3 WHERE consumer = $1', [`webhooks/${partition}`]);
    one.checkpoints.forget(partition);
    await renew(one);
    expect(one.checkpoints.leadershipOf(partition)?.position).toBe(3);
    await one.connection.end();
  });
});

import type pg from 'pg';
import { randomUUID } from 'node:crypto';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { partitionOf } from '#libs/event-store/partitions.js';
import { connectTo } from '#libs/testing/connections.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { PartitionSweeper } from './partition-sweeper.js';

interface Chore {
  organizationId: string;
  id: string;
}

let world: TestStore;
const connections: pg.Client[] = [];
const sweepers: PartitionSweeper<{ id: string }>[] = [];
beforeAll(async () => {
  world = await createTestStore();
  await world.test.sql(
    `CREATE TABLE chores (organization_id uuid, id uuid, due_at timestamptz DEFAULT now());
     GRANT SELECT, DELETE ON chores TO deskstream_worker`,
  );
});
afterEach(async () => {
  for (const sweeper of sweepers.splice(0)) await sweeper.onApplicationShutdown();
  for (const connection of connections.splice(0)) await connection.end();
  await world.test.sql('DELETE FROM chores; DELETE FROM partition_holders');
  await world.test.sql("UPDATE checkpoints SET holder = NULL, lease_until = '-infinity'");
});
afterAll(() => world.close());

/** Starts a process that leads its share of the partitions. */
async function lead(): Promise<Checkpoints> {
  const [holder, connection] = [randomUUID(), await connectTo(world.test.appUrl)];
  connections.push(connection);
  await connection.query('SELECT show_holder_alive($1)', [holder]);
  const checkpoints = new Checkpoints(world.worker, 'webhooks', holder);
  await checkpoints.renew(new Set());
  return checkpoints;
}

/** Sweeps until the test ends. */
function sweep(checkpoints: Checkpoints, work: (chore: Chore) => Promise<void>): void {
  const [table, due, since] = ['chores', 'due_at <= now()', 'due_at'];
  const sweeper = new PartitionSweeper<{ id: string }>(world.worker, checkpoints, {
    name: 'Chores',
    table,
    columns: 'id',
    due,
    since,
    everyMs: 20,
    work,
  });
  sweepers.push(sweeper);
  sweeper.onApplicationBootstrap();
}

async function chores(organizationId: string, count: number): Promise<void> {
  await world.test.sql('INSERT INTO chores SELECT $1, uuidv7() FROM generate_series(1, $2)', [organizationId, count]);
}
const finish = async ({ id }: Chore) => {
  await world.test.sql('DELETE FROM chores WHERE id = $1', [id]);
};
const left = async () =>
  (await world.test.sql<{ organization_id: string }>('SELECT organization_id FROM chores')).length;

describe('What is due in the partitions of a process', () => {
  it('is done for an organization while the work for another one takes long', async () => {
    const [busy, quiet] = [randomUUID(), randomUUID()];
    await chores(busy, 1_000);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    sweep(await lead(), async (chore) => {
      if (chore.organizationId === busy) await held;
      await finish(chore);
    });
    await chores(quiet, 3);
    await waitFor('the work for the quiet one', async () => (await left()) === 1_000);
    release();
    await waitFor('the rest', async () => (await left()) === 0, left);
  });

  it('is done again when it has failed, and keeps no other waiting', async () => {
    const organizationId = randomUUID();
    await chores(organizationId, 3);
    const seen = new Map<string, number>();
    sweep(await lead(), async (chore) => {
      const times = (seen.get(chore.id) ?? 0) + 1;
      seen.set(chore.id, times);
      if (seen.size === 1 && times < 3) throw new Error('Not yet');
      await finish(chore);
    });
    await waitFor('all of it', async () => (await left()) === 0);
    expect(seen.size).toBe(3);
    expect(Math.max(...seen.values())).toBeGreaterThan(1);
  });

  it('is done by the process that leads the partition', async () => {
    const [one, other] = [await lead(), await lead()];
    const surplus = await one.renew(new Set());
    await one.resign(one.held.slice(-surplus));
    await other.renew(new Set());
    const organizationIds = Array.from({ length: 40 }, () => randomUUID());
    for (const organizationId of organizationIds) await chores(organizationId, 1);
    const done = new Map<Checkpoints, string[]>();
    for (const checkpoints of [one, other]) {
      sweep(checkpoints, async (chore) => {
        done.set(checkpoints, [...(done.get(checkpoints) ?? []), chore.organizationId]);
        await finish(chore);
      });
    }
    await waitFor('all of it', async () => (await left()) === 0);
    for (const checkpoints of [one, other]) {
      const led = organizationIds.filter((id) => checkpoints.held.includes(partitionOf(id)));
      expect(done.get(checkpoints)?.sort()).toEqual(led.sort());
    }
  });
});

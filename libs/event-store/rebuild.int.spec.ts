import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { connectTo } from '#libs/testing/connections.js';
import { counterStream, counters, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { appendStatement } from './append-statements.js';
import { PARTITIONS } from './partitions.js';
import { type RebuildProgress } from './rebuild-shadow.js';
import { type RebuildOptions, rebuildTable } from './rebuild.js';

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore();
});
afterEach(() => world.close());

const rebuild = (options?: RebuildOptions) =>
  rebuildTable(world.test.ownerUrl, world.codec, counterStream, 'counters', options);
const table = () => world.test.sql('SELECT * FROM counters ORDER BY organization_id, id');

/** The rows that the table must hold, by the events. */
const COUNTED = `SELECT organization_id, substr(stream, 9)::uuid AS id, count(*)::int AS value FROM events
  GROUP BY 1, 2 ORDER BY 1, 2`;

/** Appends events one by one, each in a slow transaction. */
async function writeSlowly(id: string, organizationId: string, count: number): Promise<void> {
  const client = await connectTo(world.test.appUrl, 'deskstream_app');
  for (let version = 1; version <= count; version++) {
    const event = {
      organizationId,
      stream: `counter-${id}`,
      version,
      eventId: randomUUID(),
      type: 'CounterRaised' as const,
      data: { by: 1 },
      sealed: {},
      metadata: { actorId: id },
      recordedAt: new Date(),
    };
    await client.query('BEGIN');
    await client.query("SELECT set_config('app.org', $1, true)", [organizationId]);
    await client.query(appendStatement(event, { schemaVersion: 1, data: event.data, sealed: {} }));
    await pause(Math.random() * 3);
    for (const statement of counters.apply(event)) await client.query(statement);
    await client.query('COMMIT');
  }
  await client.end();
}

describe('A projection that is rebuilt', () => {
  it('equals the old one row by row, when its table was lost; a gap of positions is passed in one step', async () => {
    for (let i = 0; i < 30; i++) {
      const [context, id] = [world.context(), randomUUID()];
      await world.store.append(counterStream, id, 0, [raise(i), raise(1)], context);
    }
    await world.test.sql("SELECT setval('event_position', last_value + 1000000000) FROM event_position");
    const before = await table();
    await world.test.sql('TRUNCATE counters');
    const result = await rebuild();
    expect(result.events).toBe(60);
    expect(before).toHaveLength(30);
    expect(await table()).toEqual(before);
  });

  it('loses and repeats nothing while writes go on', async () => {
    const context = world.context();
    for (let round = 0; round < 6; round++) {
      const ids = Array.from({ length: 8 }, () => randomUUID() as string);
      const writers = ids.map((id, index) => writeSlowly(id, context.organizationId, index % 2 ? 60 : 0));
      const direct = ids.map(async (id, index) => {
        for (let version = 0; index % 2 === 0 && version < 200; version++) {
          await world.store.append(counterStream, id, version, [raise(1)], context);
        }
      });
      await Promise.all([rebuild(), ...writers, ...direct]);
      expect(await table()).toEqual(await world.test.sql(COUNTED));
    }
  });

  it('goes on where it was killed, while writes go on', async () => {
    const contexts = Array.from({ length: 200 }, () => world.context());
    const raiseAll = async () => {
      for (const context of contexts) await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
    };
    await raiseAll();
    const [partitionsBefore, writers] = [20, raiseAll()];
    const program = fork('libs/testing/killed-rebuild.ts', [world.test.ownerUrl, String(partitionsBefore)]);
    expect(await once(program, 'exit')).toEqual([null, 'SIGKILL']);
    const reports: RebuildProgress[] = [];
    const [{ events }] = await Promise.all([
      rebuild({ onProgress: (progress) => reports.push(progress) }),
      writers,
      writeSlowly(randomUUID(), world.context().organizationId, 60),
    ]);
    expect(reports[0]?.partitions).toBeGreaterThanOrEqual(partitionsBefore);
    expect(reports[0]?.events).toBeGreaterThan(0);
    expect(reports.length).toBeLessThanOrEqual(1 + PARTITIONS - partitionsBefore);
    expect(await table()).toEqual(await world.test.sql(COUNTED));
    expect(events).toBeGreaterThanOrEqual(contexts.length);
    expect(await world.test.sql("SELECT FROM pg_namespace WHERE nspname LIKE 'rebuild%'")).toEqual([]);
  });

  it('begins anew after another program was killed', async () => {
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], world.context());
    const program = fork('libs/testing/killed-rebuild.ts', [world.test.ownerUrl, String(PARTITIONS)]);
    await once(program, 'exit');
    const reports: RebuildProgress[] = [];
    await rebuild({ program: 'another', onProgress: (progress) => reports.push(progress) });
    expect(reports[0]).toEqual({ events: 0, partitions: 0 });
    expect(await table()).toEqual(await world.test.sql(COUNTED));
  });

  it('is refused while it is already being rebuilt', async () => {
    const client = await connectTo(world.test.ownerUrl);
    await client.query("SELECT pg_advisory_lock(hashtext('rebuild counters'))");
    await expect(rebuild()).rejects.toMatchObject({ kind: 'conflict', message: 'counters is already being rebuilt' });
    await client.end();
  });

  it('keeps its indexes, constraints, policies and rights', async () => {
    const shape = () =>
      world.test.sql(
        `SELECT (SELECT array_agg(indexdef ORDER BY indexname) FROM pg_indexes WHERE tablename = 'counters') AS indexes,
           (SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint
            WHERE conrelid = 'counters'::regclass) AS constraints,
           (SELECT json_agg(p ORDER BY policyname) FROM pg_policies p WHERE tablename = 'counters') AS policies,
           (SELECT array_agg(acl::text ORDER BY acl::text) FROM pg_class, unnest(relacl) AS acl WHERE oid = 'counters'::regclass) AS rights,
           (SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'counters'::regclass) AS secured`,
      );
    const before = await shape();
    await rebuild();
    expect(await shape()).toEqual(before);
    expect(before).toMatchObject([
      { secured: true, policies: [{ policyname: 'all_organizations' }, { policyname: 'own_organization' }] },
    ]);
  });
});

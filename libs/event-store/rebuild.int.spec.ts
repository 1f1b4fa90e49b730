import { randomUUID } from 'node:crypto';
import { type CounterEvent, counterStream, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { type DomainEvent } from './event.js';
import { rebuildProjection } from './rebuild.js';
import { type Projection } from './stream-definition.js';

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore();
});
afterEach(() => world.close());

const [projection] = counterStream.projections as [Projection<CounterEvent>];
const rebuild = () =>
  rebuildProjection(world.test.ownerUrl, world.codec, counterStream, projection as unknown as Projection<DomainEvent>);
const table = () => world.test.sql('SELECT * FROM counters ORDER BY organization_id, id');

describe('A projection that is rebuilt', () => {
  it('equals the old one row by row, when its table was lost', async () => {
    for (let i = 0; i < 30; i++) {
      const [context, id] = [world.context(), randomUUID()];
      await world.store.append(counterStream, id, 0, [raise(i), raise(1)], context);
    }
    const before = await table();
    await world.test.sql('TRUNCATE counters');
    const result = await rebuild();
    expect(result.events).toBe(60);
    expect(before).toHaveLength(30);
    expect(await table()).toEqual(before);
  });

  it('loses and repeats nothing while writes go on', async () => {
    const context = world.context();
    const ids = Array.from({ length: 20 }, () => randomUUID() as string);
    const versions = new Map<string, number>(ids.map((id) => [id, 0]));
    let writing = true;
    const writer = async (own: string[]) => {
      for (let version = 0; writing && version < 500; version++) {
        for (const id of own) {
          await world.store.append(counterStream, id, version, [raise(1)], context);
          versions.set(id, version + 1);
        }
      }
    };
    const writers = Promise.all([0, 1, 2, 3].map((n) => writer(ids.filter((_, index) => index % 4 === n))));
    for (let round = 0; round < 5; round++) await rebuild();
    writing = false;
    await writers;
    const rows = await world.test.sql<{ id: string; value: number }>('SELECT id, value FROM counters');
    expect(new Map(rows.map(({ id, value }) => [id, value]))).toEqual(versions);
    expect(Math.min(...versions.values())).toBeGreaterThan(5);
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

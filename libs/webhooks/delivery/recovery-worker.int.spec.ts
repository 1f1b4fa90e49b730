import { randomUUID } from 'node:crypto';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { placeOf } from './recovery-worker.js';

let world: TestStore;
const [FIRST, COUNT] = [5_000, 100_000];
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

/** Events of every second, every other half a minute too early; positions begin late, and every tenth is missing. */
beforeAll(async () => {
  world = await createTestStore();
  await world.test.sql(
    `INSERT INTO events (organization_id, stream, version, event_id, type, schema_version, data, metadata, recorded_at, position)
     SELECT $1, 'counter-1', n, uuidv7(), 'CounterRaised', 1, '{}', '{}',
       $2::timestamptz + (n - n % 2 * 30) * interval '1 second', ${FIRST} + n
     FROM generate_series(1, ${COUNT}) AS n WHERE n % 10 > 0`,
    [randomUUID(), at(0)],
  );
  await world.test.sql("SELECT setval('event_position', $1)", [FIRST + COUNT]);
});
afterAll(() => world.close());

async function place(bound: 'low' | 'high', instant: string, explain = ''): Promise<Record<string, any>[]> {
  const [, found] = await world.worker.transact(null, [
    { text: "SELECT set_config('app.feed_horizon', feed_horizon()::text, true)" },
    { text: `${explain} SELECT (${placeOf(bound, '$1::timestamptz')}) AS place`, values: [instant] },
  ]);
  return found?.rows as Record<string, any>[];
}

describe('The place of an instant in the feed', () => {
  it.each([-1, 0, 1, 30, 40_000, 70_000, COUNT - 1, COUNT + 100])('is found for second %i', async (second) => {
    const [low] = await place('low', at(second));
    const [high] = await place('high', at(second));
    // Events further away than the disorder are on the right side of it.
    const [wrong] = await world.test.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM events
       WHERE position <= $1 AND recorded_at >= $3::timestamptz + interval '1 minute'
         OR position > $2 AND recorded_at < $3::timestamptz - interval '1 minute'`,
      [low?.place, high?.place, at(second)],
    );
    expect(wrong?.count).toBe(0);
    expect(high?.place - low?.place).toBeLessThanOrEqual(20_000);
  });

  it('is found by looking at a few events', async () => {
    const [
      {
        'QUERY PLAN': [plan],
      },
    ] = (await place('low', at(50_000), 'EXPLAIN (ANALYZE, FORMAT JSON)')) as [any];
    const nodes = (node: any): any[] => [node, ...(node.Plans ?? []).flatMap(nodes)];
    const scans = nodes(plan.Plan).filter((node) => node['Relation Name'] === 'events');
    expect(scans.map((node) => [node['Index Name'], node['Actual Rows']])).toEqual([['events_position', 1]]);
    expect(scans[0]['Actual Loops']).toBeLessThan(10);
  });
});

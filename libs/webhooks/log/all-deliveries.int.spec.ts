import { randomUUID } from 'node:crypto';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { type AllDeliveriesFilters, listAllDeliveries, NEWEST_OF_ALL } from './all-deliveries.handlers.js';

const COUNT = 20_000;
const SUBSCRIPTIONS = 100;
const organizationId = randomUUID();
const subscriptionId = randomUUID();

let world: TestStore;
/** One every minute, nearly all delivered, to many subscriptions. */
beforeAll(async () => {
  world = await createTestStore();
  await world.test.sql(
    `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, state, created_at)
     SELECT $1, CASE WHEN n % ${SUBSCRIPTIONS} = 0 THEN $2 ELSE uuidv7() END, uuidv7(), 'TagCreated', n,
       CASE WHEN n % 5000 = 0 THEN 'exhausted' ELSE 'delivered' END,
       '2026-01-01'::timestamptz + n * interval '1 minute' FROM generate_series(1, ${COUNT}) AS n`,
    [organizationId, subscriptionId],
  );
  await world.test.sql('ANALYZE webhook_deliveries');
});
afterAll(() => world.close());

interface Node {
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Node[];
}

/** Returns the number of deliveries that a page reads, and by which index. */
async function readBy(filters: AllDeliveriesFilters): Promise<{ index: string | undefined; rows: number }> {
  const explaining = {
    query: (id: string, statement: { text: string }) =>
      world.database.query(id, { ...statement, text: `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}` }),
  } as unknown as typeof world.database;
  const select = listAllDeliveries(organizationId, filters);
  const { rows } = await NEWEST_OF_ALL.read(explaining, organizationId, select, { limit: 50 });
  const [plan] = rows as unknown as [{ 'QUERY PLAN': [{ Plan: Node }] }];
  const within = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(within)];
  const scans = within(plan['QUERY PLAN'][0].Plan).filter((node) => node['Index Name'] !== undefined);
  const read = (node: Node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  return { index: scans[0]?.['Index Name'], rows: scans.reduce((sum, node) => sum + read(node), 0) };
}

describe('A page of all deliveries', () => {
  it('reads little more than it shows, with each filter', async () => {
    for (const filters of [{}, { state: 'exhausted' as const }]) {
      const { index, rows } = await readBy(filters);
      expect(index).toBe('webhook_deliveries_of_organization');
      expect(rows).toBeLessThan(120);
    }
    const { index, rows } = await readBy({ subscriptionId });
    expect(index).toBe('webhook_deliveries_listed');
    expect(rows).toBeLessThan(250);
  });
});

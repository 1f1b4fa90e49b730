import { randomUUID } from 'node:crypto';
import { type Cursor } from '#libs/database/keyset.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { type DeliveryFilters, listDeliveries, NEWEST_FIRST } from './deliveries.handlers.js';

let world: TestStore;
const ids = { organizationId: randomUUID() as string, subscriptionId: randomUUID() as string };
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
/** Returns the instant in the form of page keys. */
const key = (minute: number) => at(minute).replace('000Z', '000000Z');
const COUNT = 20_000;
const LIMIT = 50;

/** One every minute: delivered, then pending, nearly all of one event; rare states and events in between. */
beforeAll(async () => {
  world = await createTestStore();
  await world.test.sql(
    `INSERT INTO webhook_subscriptions (organization_id, id, name, url, events, enabled, "authorization", custom_headers,
       secret_key, filters, ordering, failures_count_from, created_at, created_by, updated_at, updated_by)
     VALUES ($1, $2, 'CRM', 'http://127.0.0.1:9', '{}', true, '{}', '{}', '', '{}', 'unordered', now(), now(), $1, now(), $1)`,
    [ids.organizationId, ids.subscriptionId],
  );
  await world.test.sql(
    `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, state, created_at)
     SELECT $1, $2, uuidv7(), CASE WHEN n % 4000 = 9 THEN 'TagDeleted' ELSE 'TagCreated' END, n,
       CASE WHEN n % 5000 = 0 THEN 'exhausted' WHEN n > 10000 THEN 'pending' ELSE 'delivered' END,
       $3::timestamptz + n * interval '1 minute' FROM generate_series(1, ${COUNT}) AS n`,
    [ids.organizationId, ids.subscriptionId, at(0)],
  );
  await world.test.sql('ANALYZE webhook_deliveries');
});
afterAll(() => world.close());

interface Node {
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Node[];
}

/** Returns the scans of the table of deliveries, as the application's role runs them. */
async function scans(filters: DeliveryFilters, cursor?: Cursor): Promise<Node[]> {
  const explaining = {
    query: (organizationId: string, { text, values }: { text: string; values: unknown[] }) =>
      world.database.query(organizationId, {
        text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
        values,
        replanned: true,
      }),
  };
  const { rows } = await NEWEST_FIRST.read(
    explaining as unknown as typeof world.database,
    ids.organizationId,
    listDeliveries(ids.organizationId, ids.subscriptionId, filters, cursor),
    { limit: LIMIT, cursor },
  );
  const [plan] = rows as unknown as [{ 'QUERY PLAN': [{ Plan: Node }] }];
  const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)];
  return nodes(plan['QUERY PLAN'][0].Plan).filter((node) => node['Index Name']?.startsWith('webhook_deliveries'));
}

describe('A list of deliveries', () => {
  it.each<[DeliveryFilters]>([
    [{}],
    [{ event: 'TagDeleted' }],
    [{ event: 'TeamCreated' }],
    [{ state: 'exhausted' }],
    [{ state: 'exhausted', event: 'TagDeleted' }],
    [{ state: 'pending', event: 'TagDeleted' }],
    [{ since: at(COUNT - 10) }],
    [{ until: at(10) }],
    [{ since: at(9_990), until: at(10_010) }],
    [{ since: at(100), state: 'exhausted' }],
    [{ since: at(100), until: at(200), event: 'TagDeleted' }],
    [{ since: at(15_000), until: at(15_010), state: 'pending', event: 'TagCreated' }],
  ])('by %j reads no more of its index than a page for each state and event', async (filters) => {
    const found = await scans(filters);
    expect(found.length).toBeGreaterThan(0);
    for (const node of found) {
      expect(node['Index Name']).toBe('webhook_deliveries_listed');
      expect(node['Rows Removed by Filter'] ?? 0).toBe(0);
      expect(node['Actual Rows']).toBeLessThanOrEqual(LIMIT + 1);
    }
  });

  it.each<[DeliveryFilters, Cursor]>([
    [{ state: 'delivered' }, { values: [key(5_000), 5_000], backward: false }],
    [
      { state: 'delivered', until: at(9_000) },
      { values: [key(5_000), 5_000], backward: false },
    ],
    [{ state: 'pending' }, { values: [key(15_000), 15_000], backward: true }],
    [
      { state: 'pending', since: at(11_000) },
      { values: [key(15_000), 15_000], backward: true },
    ],
  ])('by %j begins at the key of its page: %j', async (filters, cursor) => {
    const [node] = await scans({ ...filters, event: 'TagCreated' }, cursor);
    expect(node?.['Actual Rows']).toBe(LIMIT + 1);
    // Blocks of the index down to the key and a leaf or two, and the blocks of these rows.
    expect((node?.['Shared Hit Blocks'] ?? 0) + (node?.['Shared Read Blocks'] ?? 0)).toBeLessThan(20);
  });
});

import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { endUsersWhere, type EndUserSearch } from './end-user-search.js';

let world: TestStore;
const organizationId = '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4';
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();
const id = '01980f6a-5c1d-7a10-9b2c-3d4e5f607182';

/** Creates enough end users for indexes to pay off, one second apart. */
beforeAll(async () => {
  world = await createTestStore();
  await world.test.sql(
    `INSERT INTO end_users (organization_id, id, created_at, updated_at, search_name)
     SELECT $1, uuidv7($2::timestamptz + n * interval '1 second' - now()), $2::timestamptz + n * interval '1 second',
       $2::timestamptz + n % 100 * interval '1 second', md5(n::text) FROM generate_series(1, 20000) AS n`,
    [organizationId, at(0)],
  );
  await world.test.sql(
    `INSERT INTO end_user_addresses SELECT organization_id, id, 'email', 'email', search_name FROM end_users`,
  );
  await world.test.sql(
    `INSERT INTO end_user_attributes SELECT organization_id, id, '${id}', search_name FROM end_users`,
  );
  await world.test.sql('ANALYZE end_users, end_user_addresses, end_user_attributes');
});
afterAll(() => world.close());

/** Returns the index conditions of the plan for the application's role. */
async function indexConditions(search: EndUserSearch, order: string): Promise<string> {
  const { text, values } = endUsersWhere(organizationId, '*', search);
  const explained = { text: `EXPLAIN ${text} ORDER BY ${order} LIMIT 51`, values };
  const rows = await world.database.query<Record<string, string>>(organizationId, explained);
  return rows
    .map((row) => row['QUERY PLAN'] as string)
    .filter((line) => line.includes('Index Cond'))
    .join('\n');
}

describe('A search for end users', () => {
  it.each<[string, EndUserSearch, RegExp]>([
    ['the beginning of the name', { namePrefix: 'ABC' }, /search_name >= 'abc'.*search_name < 'abc/],
    ['when they changed', { updatedSince: at(99) }, /updated_at >= '2026-01-01 00:01:39/],
    ['both', { namePrefix: 'a', updatedSince: at(99) }, /updated_at >= '2026-01-01.*search_name < 'a/],
    ['when they were created', { createdSince: at(19_000), createdUntil: at(19_100) }, /id >= '019b.*id < '019b/],
    ['a value', { attribute: { id, value: 'gold' } }, /attribute_id = '01980f6a.*value = 'gold'/],
    ['an address', { address: ['email', 'a@x.example'] }, /kind = 'email'.*value = 'a@x.example'/],
  ])('by %s asks an index, though row-level security stands before it', async (_, search, expected) => {
    expect(await indexConditions(search, 'id')).toMatch(expected);
    expect(await indexConditions(search, 'updated_at DESC, id DESC')).toMatch(expected);
  });
});

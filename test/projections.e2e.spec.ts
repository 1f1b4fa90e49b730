import { rebuildTable } from '#libs/event-store/rebuild.js';
import { READ_TABLES, STREAMS } from '#libs/resources/resources.js';
import { append } from '#libs/testing/projected.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { SAMPLES } from './support/samples.js';
import { tableRows } from './support/table-rows.js';

let world: TestStore;
beforeAll(async () => {
  world = await createTestStore([...STREAMS]);
  for (const samples of SAMPLES) {
    for (const history of Object.values(samples.histories)) await append(world, samples, history);
  }
});
afterAll(() => world.close());

describe('A read table that was truncated and rebuilt from the events', () => {
  it('has samples of every stream', () => {
    expect(new Set(SAMPLES.map(({ stream }) => stream))).toEqual(new Set(STREAMS));
  });

  it.each(READ_TABLES)('equals the old one row by row: $table', async ({ stream, table }) => {
    const rows = () => tableRows(world.test.sql, table);
    const before = await rows();
    expect(before.length).toBeGreaterThan(0);
    await world.test.sql(`TRUNCATE ${table}`);
    await rebuildTable(world.test.ownerUrl, world.codec, stream, table);
    expect(await rows()).toEqual(before);
  });

  it('is written on by later events', async () => {
    const tags = SAMPLES.find(({ stream }) => stream.category === 'tag');
    const [history] = Object.values(tags?.histories ?? {});
    if (!tags || !history) throw new Error('There are no samples of tags');
    const organizationId = await append(world, tags, history);
    const rows = await world.test.sql('SELECT name FROM tags WHERE organization_id = $1', [organizationId]);
    expect(rows).toEqual([{ name: 'VIP' }]);
  });
});

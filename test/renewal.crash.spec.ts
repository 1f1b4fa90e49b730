import { runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { type AskedDatabase, askedAt } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { createHome, type Home, type Instance, startInstance, stop } from './support/instance.js';
import { tableRows } from './support/table-rows.js';

/** Rows of some thirty transactions. */
const BULKS = 3;
const BULK = 1_000;
/** Events of streams that have snapshots. */
const CHANGES = 190;
const LONG_STREAMS = 5;

let home: Home;
beforeAll(async () => {
  home = await createHome();
});
afterAll(() => home.remove());

async function createEndUsers({ api }: Instance): Promise<void> {
  for (let bulk = 0; bulk < BULKS; bulk++) {
    const data = Array.from({ length: BULK }, (_, item) => ({ externalId: `${bulk}-${item}` }));
    const { body } = await api.post('/v1/endusers/bulk', { data });
    if (bulk > 0) continue;
    const ids = (body.data as { data: { id: string } }[]).slice(-LONG_STREAMS).map(({ data }) => data.id);
    const changes = Array.from({ length: CHANGES }, (_, i) => ids.map((id) => ({ id, displayName: `Name ${i}` })));
    await api.patch('/v1/endusers', { data: changes.flat() });
  }
}

/** As the migration leaves the rows of an installation of an earlier version. */
async function makeStale({ sql }: AskedDatabase): Promise<void> {
  await sql('UPDATE end_users SET version = 0, shape = 0, recorded_at = NULL, document = NULL, shown = NULL');
  await sql('TRUNCATE renewed_tables, snapshots');
}

const stale = async ({ sql }: AskedDatabase): Promise<number> =>
  (await sql('SELECT FROM end_users WHERE shape = 0')).length;

describe('kill -9 while rows of an earlier shape are rebuilt', () => {
  it('leaves the rest to the next start, which ends with every row and snapshot as it was', async () => {
    let instance = await startInstance(home);
    await createEndUsers(instance);
    const owner = askedAt((await runningEmbeddedPostgres(home.dataDir))?.ownerUrl ?? '');
    const rows = () => tableRows(owner.sql, 'end_users');
    const snapshots = () =>
      owner.sql<{ versions: number[] }>(
        'SELECT array_agg(version ORDER BY version) AS versions FROM snapshots GROUP BY stream',
      );
    const before = await rows();
    await stop(instance, 'SIGKILL');
    await makeStale(owner);

    let kills = 0;
    for (let left = BULKS * BULK; left > BULK; kills++) {
      instance = await startInstance(home);
      const aim = left - 200;
      await waitFor('some rows to be made anew', async () => (await stale(owner)) <= aim);
      await stop(instance, 'SIGKILL');
      left = await stale(owner);
      expect(left).toBeGreaterThan(0);
    }
    expect(kills).toBeGreaterThan(1);
    instance = await startInstance(home);
    await waitFor('all rows to be made anew', async () => (await stale(owner)) === 0);
    expect(await rows()).toEqual(before);
    expect(await snapshots()).toEqual(Array.from({ length: LONG_STREAMS }, () => ({ versions: [50, 100, 150] })));
    await owner.close();
    await stop(instance, 'SIGTERM');
  });
});

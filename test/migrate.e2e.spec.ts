import { randomBytes } from 'node:crypto';
import { VERSION } from '#apps/product.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { launch } from './support/launch.js';

const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase('template0');
});
afterEach(() => database.drop());

const variables = () => ({
  HOST: '127.0.0.1',
  PORT: '0',
  DATABASE_URL: database.appUrl,
  DATABASE_OWNER_URL: database.ownerUrl,
  DESKSTREAM_MASTER_KEY,
});

async function run(program: string, ...args: string[]): Promise<{ status: number | null; output: string }> {
  const launched = launch([`dist/apps/${program}/main.js`, ...args], variables());
  return { status: await launched.end(), output: launched.output() };
}
const migrate = () => run('cli', 'migrate');

describe('Several migrate at once', () => {
  it('set an empty database up once, and all succeed', async () => {
    const runs = await Promise.all([migrate(), migrate(), migrate()]);
    expect(runs.map(({ status, output }) => [status, status === 0 ? '' : output])).toEqual(Array(3).fill([0, '']));
    const told = (pattern: RegExp) => runs.filter(({ output }) => pattern.test(output)).length;
    expect([told(/^Applied: /), told(/^The database is up to date\./), told(/API token/)]).toEqual([1, 2, 1]);
    expect(await database.sql('SELECT name FROM organizations')).toEqual([{ name: 'Demo' }]);
  });
});

describe('A database that a newer version has migrated', () => {
  const later = (oldest: string | null) =>
    database.sql(`INSERT INTO migrations (timestamp, name, oldest_version) VALUES (9e12, 'Later9000000000000', $1)`, [
      oldest,
    ]);

  it.each([
    ['99.0.0', '99.0.0 or newer'],
    [null, 'the version that applied it'],
  ])('is refused by all programs in one line that says what to do, if it needs %s', async (oldest, needed) => {
    await migrate();
    await later(oldest);
    const refusals = await Promise.all([run('api'), run('worker'), run('standalone'), migrate()]);
    for (const { status, output } of refusals) {
      expect([status, output.trim()]).toEqual([
        1,
        `The database is newer than this version, ${VERSION}: its migration Later9000000000000 needs ${needed}. Start that, or restore the backup from before the update.`,
      ]);
    }
  });

  it('is served where it says that this version works, and stays as it is', async () => {
    await migrate();
    await later(VERSION);
    const worker = launch(['dist/apps/worker/main.js'], variables());
    await worker.told(/The worker is running/);
    expect(await worker.end('SIGTERM')).toBe(0);
    expect(await migrate()).toEqual({ status: 0, output: 'The database is up to date.\n' });
    expect(await database.sql('SELECT oldest_version FROM migrations ORDER BY timestamp DESC LIMIT 1')).toEqual([
      { oldest_version: VERSION },
    ]);
  });
});

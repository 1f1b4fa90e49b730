import { randomBytes } from 'node:crypto';
import { loadConfig } from '#apps/config.js';
import { openCipher } from '#apps/master-key.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { type Link, openLink } from '#libs/testing/severed-link.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch, type Launched } from './support/launch.js';
import { problemsOf } from './support/log-lines.js';

const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');

let database: TestDatabase;
let link: Link;
let launched: Launched | undefined;
/** Whether PostgreSQL is out of reach, and how often that was met. */
let [isAway, met] = [false, 0];
beforeAll(async () => {
  database = await createTestDatabase();
  await openCipher(loadConfig({ DESKSTREAM_MASTER_KEY }), database.ownerUrl, true);
});
beforeEach(async () => {
  [isAway, met] = [false, 0];
  link = await openLink(
    database.appUrl,
    (_, sockets) => {
      if (!isAway) return;
      met += 1;
      for (const socket of sockets) socket.destroy();
    },
    () => {
      if (isAway) met += 1;
      return !isAway;
    },
  );
});
afterEach(async () => {
  await launched?.end('SIGKILL');
  await link.close();
});
afterAll(() => database.drop());

function start(name: string, env: NodeJS.ProcessEnv = {}): Launched {
  launched = launch([`dist/apps/${name}/main.js`], {
    HOST: '127.0.0.1',
    DATABASE_URL: link.url,
    DESKSTREAM_MASTER_KEY,
    ...env,
  });
  return launched;
}

const often = (times: number) =>
  waitFor(
    'PostgreSQL to be missed',
    () => met >= times,
    () => met,
  );

/** What a process tells of an outage of PostgreSQL, however often it meets it. */
async function tellsOnce(process: Launched): Promise<void> {
  isAway = false;
  await process.told(/The database is available again/);
  expect(problemsOf(process)).toEqual([
    'The database is unavailable; requests and deliveries wait or fail until it is back',
  ]);
  expect(process.output().match(/The database is available again/g)).toHaveLength(1);
  expect(process.output()).not.toMatch(/"stack"/);
  expect(await process.end('SIGTERM')).toBe(0);
}

describe('While PostgreSQL is unavailable', () => {
  it('an API refuses requests for the time being, and tells once that it went and, without requests, that it is back', async () => {
    const port = await freePort();
    const api = start('api', { PORT: String(port) });
    await api.told(/The API is served/);
    isAway = true;
    for (let request = 0; request < 30; request++) {
      const headers = { authorization: `Bearer ${randomBytes(32).toString('hex')}` };
      const { status, headers: answered } = await fetch(`http://127.0.0.1:${port}/v1/tags`, { headers });
      expect([status, answered.get('retry-after')]).toEqual([503, '5']);
    }
    await tellsOnce(api);
  });

  it('a worker tells once that it went, and once that it is back', async () => {
    const worker = start('worker');
    await worker.told(/The worker is running/);
    isAway = true;
    await often(40);
    await tellsOnce(worker);
  });
});

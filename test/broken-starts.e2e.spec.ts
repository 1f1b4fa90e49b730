import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { openCipher } from '#apps/master-key.js';
import { migrateJobs } from '#libs/background/jobs.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { loadConfig } from '#apps/config.js';
import { severedLink, type SeveredLink } from '#libs/testing/severed-link.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { ApiClient } from './support/api-client.js';
import { createHome, type Home, killPostgres } from './support/instance.js';
import { launch, type Launched } from './support/launch.js';
import { HAS_REDIS, type RedisServer, startRedisServer } from './support/redis-server.js';

/** More than there are pieces of data until a job is worked on: the last ways hold. */
const STEPS = 40;
const steps = Array.from({ length: STEPS }, (_, step) => ({ step, queue: `step-${step}` }));

let database: TestDatabase;
let links: SeveredLink[] = [];
let launched: Launched | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await migrateJobs(
    owner,
    steps.map(({ queue }) => queue),
  );
  await owner.end();
});
afterEach(async () => {
  await launched?.end('SIGKILL');
  await Promise.all(links.splice(0).map((link) => link.close()));
});
afterAll(() => database.drop());

/** Starts a queue and a worker for each step, on a way that breaks there. */
async function startOn(target: string, locate: (url: string) => object): Promise<Launched> {
  links = await Promise.all(steps.map(({ step }) => severedLink(target, step + 1)));
  const starts = steps.map(({ step, queue }) => JSON.stringify({ queue, ...locate(links[step]?.url as string) }));
  launched = launch(['test/support/job-starts.mjs', ...starts]);
  return launched;
}

async function worksAndEnds(process: Launched): Promise<void> {
  for (const { queue } of steps) await process.told(new RegExp(`worked on ${queue}\\.`));
  expect(links.filter((link) => link.severed()).length).toBeGreaterThan(10);
  expect(await process.end('SIGTERM')).toBe(0);
}

const STARTED = { api: /The API is served/, worker: /The worker is running/, standalone: /Deskstream is running/ };

describe('A process whose database breaks off at some step of its start', () => {
  const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');
  beforeAll(() => openCipher(loadConfig({ DESKSTREAM_MASTER_KEY }), database.ownerUrl, true));

  /** @returns what it says when it does not start; nothing when it does, works, and ends when it is told to */
  async function startOver({ url }: SeveredLink, name: keyof typeof STARTED): Promise<string | undefined> {
    const env = { HOST: '127.0.0.1', PORT: String(await freePort()), DATABASE_URL: url, DESKSTREAM_MASTER_KEY };
    const launched = launch([`dist/apps/${name}/main.js`], env);
    const { process } = launched;
    await waitFor('a start', () => STARTED[name].test(launched.output()) || process.exitCode !== null);
    if (process.exitCode !== null) return `${process.exitCode}: ${launched.output()}`;
    const health = () => fetch(`http://127.0.0.1:${env.PORT}/health`).then(({ ok }) => ok);
    if (name !== 'worker') await waitFor('it to serve', () => health());
    expect(await launched.end('SIGTERM')).toBe(0);
    return undefined;
  }

  it.each(['api', 'worker', 'standalone'] as const)('works, or says in one line why not: %s', async (name) => {
    links = await Promise.all([2, 9, 16].map((piece) => severedLink(database.appUrl, piece)));
    const refusals = await Promise.all(links.map((link) => startOver(link, name)));
    expect(links.map((link) => link.severed())).toEqual(links.map(() => true));
    for (const refusal of refusals.filter((text) => text !== undefined)) {
      expect(refusal).toMatch(/^1: \n+The database [^\n]*cannot be reached[^\n]*\n+$/);
    }
  });
});

describe('npm start whose database is killed while it starts', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
  });
  afterAll(() => home.remove());

  it('serves all the same, and ends when it is told to', async () => {
    const { dataDir, port, token } = home;
    launched = launch(['dist/apps/standalone/main.js'], {
      PORT: String(port),
      HOST: '127.0.0.1',
      DESKSTREAM_DATA_DIR: dataDir,
      DESKSTREAM_BOOTSTRAP_TOKEN: token,
    });
    const lines = async () =>
      (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    let last: string | undefined;
    for (let kill = 0; kill < 2; kill++) {
      last = await waitFor('the database to be there', async () => {
        const [pid, , , , , , , state] = await lines();
        return state?.trim() === 'ready' && pid !== last && pid;
      });
      await killPostgres(dataDir);
    }
    const api = new ApiClient(`http://127.0.0.1:${port}`, token);
    await waitFor('it to serve', () => api.createTag('VIP').catch(() => undefined));
    expect(await launched.end('SIGTERM')).toBe(0);
  });
});

describe('Queues and workers whose backend breaks off at any step of their start', () => {
  it('work on PostgreSQL, and end when they are told to', async () => {
    await worksAndEnds(await startOn(database.appUrl, (databaseUrl) => ({ databaseUrl })));
  });

  (HAS_REDIS ? it : it.skip)('work on Redis, and end when they are told to', async () => {
    const redis: RedisServer = await startRedisServer();
    try {
      await worksAndEnds(await startOn(redis.url, (redisUrl) => ({ databaseUrl: database.appUrl, redisUrl })));
    } finally {
      await redis.kill();
    }
  });
});

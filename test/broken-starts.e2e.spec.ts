import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { openCipher } from '#apps/setup.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { loadConfig } from '#libs/platform/config.js';
import { migrateJobs } from '#libs/platform/jobs.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { createHome, type Home, killPostgres, startInstance, stop } from './support/instance.js';
import { launch, type Launched } from './support/launch.js';
import { HAS_REDIS, type RedisServer, startRedisServer } from './support/redis-server.js';
import { severedLink, type SeveredLink } from './support/severed-link.js';

jest.setTimeout(60_000);

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

  /** @returns what it says when it does not start, else nothing once it works and has ended */
  async function startOver({ url, severed }: SeveredLink, name: keyof typeof STARTED): Promise<string | undefined> {
    const env = { HOST: '127.0.0.1', PORT: String(await freePort()), DATABASE_URL: url, DESKSTREAM_MASTER_KEY };
    const process = launch([`dist/apps/${name}/main.js`], env);
    const started = await process.told(STARTED[name]).then(Boolean, () => false);
    if (!started) return process.end().then((status) => `${status}: ${process.output()}`);
    const health = () => fetch(`http://127.0.0.1:${env.PORT}/health`).then(({ ok }) => ok);
    if (name !== 'worker') await waitFor('it to serve', () => health());
    expect(severed()).toBe(true);
    expect(await process.end('SIGTERM')).toBe(0);
    return undefined;
  }

  it.each(['api', 'worker', 'standalone'] as const)('works, or says in one line why not: %s', async (name) => {
    links = await Promise.all([2, 8, 14, 20].map((piece) => severedLink(database.appUrl, piece)));
    const refusals = await Promise.all(links.map((link) => startOver(link, name)));
    for (const refusal of refusals.filter((text) => text !== undefined)) {
      expect(refusal).toMatch(/^1: \n[^\n]*The database [^\n]* cannot be reached[^\n]*\n+$/);
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
    const starting = startInstance(home);
    const lines = async () =>
      (await readFile(join(home.dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    let last: string | undefined;
    for (let kill = 0; kill < 2; kill++) {
      last = await waitFor('the database to be there', async () => {
        const [pid, , , , , , , state] = await lines();
        return state?.trim() === 'ready' && pid !== last && pid;
      });
      await killPostgres(home.dataDir);
    }
    const instance = await starting;
    await instance.api.createTag('VIP');
    expect(await stop(instance, 'SIGTERM')).toBe(0);
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

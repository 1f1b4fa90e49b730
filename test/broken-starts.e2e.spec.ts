import { jest } from '@jest/globals';
import pg from 'pg';
import { migrateJobs } from '#libs/platform/jobs.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
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
  await Promise.all(links.map((link) => link.close()));
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

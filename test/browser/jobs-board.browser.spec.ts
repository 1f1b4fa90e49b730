import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { type Browser, type Page } from 'playwright-core';
import { createJobsBoard } from '#apps/worker/jobs-board.js';
import { Jobs } from '#libs/background/jobs.js';
import { Outage } from '#libs/platform/outage.js';
import { createLogger, nestLogger } from '#libs/platform/logging.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { DELIVERIES_QUEUE } from '#libs/webhooks/delivery/draining/drain-scheduler.js';
import { ACTION_MS, startChromium } from '../support/chromium.js';
import { HAS_REDIS, startRedisServer } from '../support/redis-server.js';

const token = randomBytes(32).toString('hex');
let database: TestDatabase;
let browser: Browser;
beforeAll(async () => {
  Logger.overrideLogger(nestLogger(createLogger('fatal', 'worker')));
  database = await createTestDatabase();
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await database.drop();
});

/** Opens the board of jobs in PostgreSQL, or in the Redis of a URL. */
async function withBoard(
  redisUrl: string | undefined,
  test: (page: Page, problems: string[], jobs: Jobs) => Promise<void>,
): Promise<void> {
  const outage = new Outage('jobs', { begins: () => undefined, ends: () => undefined });
  const jobs = new Jobs({ databaseUrl: database.appUrl, redisUrl, outage, onFailed: () => undefined });
  const queues = [jobs.queue(DELIVERIES_QUEUE)];
  const board = await createJobsBoard(queues, { token, writable: false, trustedProxies: [] });
  const url = await board.listen({ port: 0, host: '127.0.0.1' });
  const context = await browser.newContext({
    colorScheme: 'light',
    httpCredentials: { username: 'operator', password: token },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(ACTION_MS);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error.stack)));
  try {
    await page.goto(url);
    await test(page, problems, jobs);
  } finally {
    await context.close();
    await board.close();
    await jobs.close();
  }
}

describe('The jobs board in a browser', () => {
  it('shows the queue and its jobs, with nothing to change them', () =>
    withBoard(undefined, async (page, problems, jobs) => {
      await jobs.queue(DELIVERIES_QUEUE).addBulk([{ name: 'wake', data: { organizations: [] } }]);
      await page.getByRole('link', { name: DELIVERIES_QUEUE }).first().click();
      await page.getByText('wake').first().waitFor();
      expect(await page.title()).toContain('Deskstream jobs');
      expect(await page.getByRole('button', { name: /pause|empty|obliterate|add job/i }).count()).toBe(0);
      expect(problems).toEqual([]);
    }));

  (HAS_REDIS ? it : it.skip)('says why it shows nothing while Redis is away', async () => {
    const redis = await startRedisServer();
    await redis.kill();
    await withBoard(redis.url, async (page) => {
      await page.getByText('The server of the job queue does not answer at the moment').first().waitFor();
    });
  });
});

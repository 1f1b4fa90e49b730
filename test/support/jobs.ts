import { Redis } from 'ioredis';
import { type Config } from '../../apps/config.js';
import { type TestDatabase } from '#libs/testing/test-database.js';

/** The running Deskstream: an application of a test, or processes. */
interface Application {
  database: Pick<TestDatabase, 'sql'>;
  runtime: { config: Pick<Config, 'redisUrl'> };
}

/** Empties the job queue without BullMQ's knowledge, like a Redis that lost its memory. */
export async function forgetAllJobs(app: Application): Promise<void> {
  const { redisUrl } = app.runtime.config;
  if (redisUrl) {
    const redis = new Redis(redisUrl);
    await redis.flushdb();
    redis.disconnect();
    return;
  }
  const tables = await app.database.sql<{ name: string }>(
    `SELECT format('bullmq.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'`,
  );
  await app.database.sql(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
}

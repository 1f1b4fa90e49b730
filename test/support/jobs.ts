import { Redis } from 'ioredis';
import { type TestApp } from './test-app.js';

/** Empties the job queue behind BullMQ's back, as a Redis does that lost its memory. */
export async function forgetAllJobs(app: TestApp): Promise<void> {
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

import { type Cluster } from 'ioredis';
import { type Config } from '#apps/config.js';
import { connectRedis } from '#libs/platform/redis.js';
import { parseRedisUrl } from '#libs/platform/redis-url.js';
import { type TestDatabase } from '#libs/testing/test-database.js';

/** The running Deskstream: an application of a test, or processes. */
interface Application {
  database: Pick<TestDatabase, 'sql'>;
  runtime: { config: Pick<Config, 'redisUrl'> };
}

/** Empties the job queue without BullMQ's knowledge, like a Redis that lost its memory. */
export async function forgetAllJobs(app: Application): Promise<void> {
  const { redisUrl } = app.runtime.config;
  if (redisUrl) return forgetIn(redisUrl);
  const tables = await app.database.sql<{ name: string }>(
    `SELECT format('bullmq.%I', tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'`,
  );
  const truncation = `TRUNCATE ${tables.map(({ name }) => name).join(', ')}`;
  while (!(await app.database.sql(truncation).then(() => true, ofDeadlock)));
}

async function forgetIn(redisUrl: string): Promise<void> {
  const redis = await connectRedis(redisUrl, {});
  const nodes = redis.isCluster ? (redis as Cluster).nodes('master') : [redis];
  const keys = await Promise.all(nodes.map((node) => node.keys(`{${parseRedisUrl(redisUrl).prefix}}:*`)));
  if (keys.flat().length > 0) await redis.unlink(keys.flat());
  redis.disconnect();
}

/** BullMQ's transactions lock the tables in orders of their own, so the truncation may have to be repeated. */
function ofDeadlock(error: unknown): false {
  if ((error as { code?: string }).code === '40P01') return false;
  throw error;
}

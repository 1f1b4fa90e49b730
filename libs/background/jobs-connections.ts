import { type BackendFactory, type ConnectionOptions, createPostgresBackend, type RedisQueueBackend } from 'bullmq';
import pg from 'pg';
import { POOL } from '#libs/database/connections.js';
import { connectRedis, type RedisClientOptions } from '#libs/platform/redis.js';
import { parseRedisUrl } from '#libs/platform/redis-url.js';

/** BullMQ's types tie a backend to its connection's; here both are chosen together, at run time. */
type AnyBackend = BackendFactory<RedisQueueBackend> | undefined;

/** The connection of one BullMQ queue or worker. */
export interface JobsConnection {
  connection: ConnectionOptions;
  /** BullMQ's Redis backend unless given. */
  backend: AnyBackend;
  /** The prefix of all keys in Redis. */
  prefix?: string;
  end(): Promise<void>;
}

/** The store of BullMQ's jobs: Redis or Valkey if there is a URL, else PostgreSQL. */
export interface JobsLocation {
  databaseUrl: string;
  redisUrl?: string;
}

/** The schema of BullMQ's own tables. */
export const JOBS_SCHEMA = 'bullmq';
/** Maximum time that adding a job waits for a Redis that does not answer. */
const REDIS_MS = 5_000;

/**
 * Opens a connection for one queue or worker, which ends with it. BullMQ remembers for good that a connection has
 * failed to become ready, so a failed one is never reused.
 * @param parallel maximum number of parallel commands
 * @throws when the server cannot be reached now
 */
export async function connectJobs(
  { databaseUrl, redisUrl }: JobsLocation,
  role: 'queue' | 'worker',
  parallel: number,
): Promise<JobsConnection> {
  // Adding a job must fail while Redis is unavailable; a worker waits. A worker on PostgreSQL also needs one to listen.
  if (redisUrl) return inRedis(redisUrl, role === 'queue' ? ADDING : WORKING);
  return poolOn(databaseUrl, role === 'queue' ? parallel : parallel + 1);
}

const ADDING: RedisClientOptions = {
  maxRetriesPerRequest: 1,
  commandTimeout: REDIS_MS,
  ofCluster: { enableOfflineQueue: false },
};
const WORKING: RedisClientOptions = { maxRetriesPerRequest: null };

async function inRedis(url: string, options: RedisClientOptions): Promise<JobsConnection> {
  const redis = await connectRedis(url, options);
  const end = () => {
    redis.disconnect();
    return Promise.resolve();
  };
  // BullMQ's scripts use several keys at once. Keys with the same hash tag are on the same node of a cluster.
  return { connection: redis, backend: undefined, prefix: `{${parseRedisUrl(url).prefix}}`, end };
}

function poolOn(connectionString: string, max: number): JobsConnection {
  const options = `-c role=deskstream_worker -c search_path=${JOBS_SCHEMA}`;
  const pool = new pg.Pool({ ...POOL, connectionString, max, options });
  // BullMQ notices broken connections by its failed queries.
  pool.on('error', () => undefined);
  return { connection: pool, backend: createPostgresBackend as unknown as AnyBackend, end: () => pool.end() };
}

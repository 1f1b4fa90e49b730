import { type BackendFactory, type ConnectionOptions, createPostgresBackend, type RedisQueueBackend } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import pg from 'pg';
import { POOL } from '#libs/database/connections.js';

/** BullMQ's types tie a backend to its connection's; here both are chosen together, at run time. */
type AnyBackend = BackendFactory<RedisQueueBackend> | undefined;

/** What one queue or worker of BullMQ is made with. */
export interface JobsConnection {
  connection: ConnectionOptions;
  /** BullMQ's for Redis unless given. */
  backend: AnyBackend;
  end(): Promise<void>;
}

/** Where BullMQ keeps its jobs: Redis or Valkey when there is a URL, else PostgreSQL. */
export interface JobsLocation {
  databaseUrl: string;
  redisUrl?: string;
}

/** The schema of BullMQ's own tables. */
export const JOBS_SCHEMA = 'bullmq';
/** How long adding a job may wait for a Redis that does not answer. */
const REDIS_MS = 5_000;

/**
 * Opens a connection that belongs to one queue or worker, and ends with it. BullMQ remembers for good that a connection
 * has failed to become ready: so none that has failed is given to another.
 * @param parallel commands under way at the same time
 * @throws when there is nobody to connect to just now
 */
export async function connectJobs(
  { databaseUrl, redisUrl }: JobsLocation,
  role: 'queue' | 'worker',
  parallel: number,
): Promise<JobsConnection> {
  // Adding a job must fail while Redis is away, where a worker waits for it. A worker on PostgreSQL listens on a connection.
  if (redisUrl) return connectRedis(redisUrl, role === 'queue' ? ADDING : WORKING);
  return poolOn(databaseUrl, role === 'queue' ? parallel : parallel + 1);
}

const ADDING: RedisOptions = { maxRetriesPerRequest: 1, commandTimeout: REDIS_MS };
const WORKING: RedisOptions = { maxRetriesPerRequest: null };

async function connectRedis(url: string, options: RedisOptions): Promise<JobsConnection> {
  const redis = new Redis(url, { ...options, lazyConnect: true });
  let lost: Error | undefined;
  // BullMQ tells of errors once it has the connection.
  redis.on('error', (error) => (lost = error));
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw lost ?? error;
  }
  const end = () => {
    redis.disconnect();
    return Promise.resolve();
  };
  return { connection: redis, backend: undefined, end };
}

function poolOn(connectionString: string, max: number): JobsConnection {
  const options = `-c role=deskstream_worker -c search_path=${JOBS_SCHEMA}`;
  const pool = new pg.Pool({ ...POOL, connectionString, max, options });
  // BullMQ learns from its queries what has broken.
  pool.on('error', () => undefined);
  return { connection: pool, backend: createPostgresBackend as unknown as AnyBackend, end: () => pool.end() };
}

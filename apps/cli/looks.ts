import { Redis } from 'ioredis';
import pg from 'pg';
import { survive } from '#libs/database/connections.js';
import { type Database } from '#libs/database/database.js';
import { BACKLOG } from '#libs/webhooks/delivery/metrics.js';
import { readLag } from '#libs/webhooks/delivery/relaying/relay-metrics.js';
import { checkMigrations } from '../setup.js';

const CONNECT_MS = 5_000;
/** The oldest version that is tested. */
const POSTGRES = 18;
/** Events that wait this long for the relay are a problem. */
const MAX_LAG_SECONDS = 60;

/** Runs work on a connection with the login's own rights. */
export async function withLogin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  survive(client);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function databaseVersion(url: string): Promise<string> {
  const version = await withLogin(url, async (client) => {
    const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`);
    return rows[0]?.version ?? '';
  });
  if (Number.parseInt(version) < POSTGRES) throw new Error(`PostgreSQL ${version} is too old: use ${POSTGRES}`);
  return `PostgreSQL ${version} at ${new URL(url).host}`;
}

export async function migrationsApplied(url: string): Promise<string> {
  await checkMigrations(url);
  return 'all are applied';
}

export async function redisAnswers(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  let failure: Error | undefined;
  redis.on('error', (error) => (failure = error));
  try {
    await redis.connect();
    await redis.ping();
    return `answers at ${new URL(url).host}`;
  } catch (error) {
    throw failure ?? error;
  } finally {
    redis.disconnect();
  }
}

/** @param database as the worker sees it */
export async function relayLag(database: Database): Promise<string> {
  const { seconds } = await readLag(database);
  const told = `the oldest event that waits for webhooks is ${seconds.toFixed(0)} s old`;
  if (seconds > MAX_LAG_SECONDS) throw new Error(`${told}: is a worker running?`);
  return seconds > 0 ? told : 'no event waits for webhooks';
}

/** @param database as the worker sees it */
export async function backlog(database: Database): Promise<string> {
  const [counted] = await database.query<{ pending: number; due: number }>(null, BACKLOG);
  return `${counted?.due ?? 0} deliveries are due, ${(counted?.pending ?? 0) - (counted?.due ?? 0)} wait`;
}

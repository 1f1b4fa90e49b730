import pg from 'pg';
import { survive } from '#libs/database/connections.js';
import { Database } from '#libs/database/database.js';
import { connectRedis, shownHosts } from '#libs/platform/redis.js';
import { BACKLOG } from '#libs/webhooks/delivery/metrics.js';
import { readLag } from '#libs/webhooks/delivery/relaying/relay-metrics.js';
import { type Config } from '../config.js';
import { checkMigrations } from '../setup.js';
import { requireOwnSession } from '../startup-connection.js';

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
  if (Number.parseInt(version) < POSTGRES) throw new Error(`PostgreSQL ${version} is too old: use version ${POSTGRES}`);
  return `PostgreSQL ${version} at ${new URL(url).host}`;
}

/** @param url PostgreSQL itself */
export async function poolerInBetween(url: string, config: Config): Promise<string> {
  await requireOwnSession(url);
  const { databasePooler: pooler, databasePreparedStatements: prepared } = config;
  if (!pooler) return 'no pooler is configured';
  const database = await Database.open({
    url: pooler.url,
    pooled: true,
    prepared,
    role: 'deskstream_app',
    poolSize: 1,
  });
  await database.ping().finally(() => database.close());
  return `${new URL(pooler.url).host} is used, ${prepared ? 'with' : 'without'} prepared statements`;
}

export async function migrationsApplied(url: string): Promise<string> {
  await checkMigrations(url);
  return 'all are applied';
}

export async function redisAnswers(url: string): Promise<string> {
  const redis = await connectRedis(url, { maxRetriesPerRequest: 0 });
  try {
    // Unlike PING, this fails on a node of a cluster that is down.
    await redis.exists('deskstream');
    return `answers at ${shownHosts(url)}${redis.isCluster ? ', in cluster mode' : ''}`;
  } finally {
    redis.disconnect();
  }
}

/** @param database as the worker sees it */
export async function relayLag(database: Database): Promise<string> {
  const { seconds } = await readLag(database);
  const finding = `the oldest event that waits for webhooks is ${seconds.toFixed(0)} s old`;
  if (seconds > MAX_LAG_SECONDS) throw new Error(`${finding}: is a worker running?`);
  return seconds > 0 ? finding : 'no event waits for webhooks';
}

/** @param database as the worker sees it */
export async function backlog(database: Database): Promise<string> {
  const [counted] = await database.query<{ pending: number; due: number }>(null, BACKLOG);
  return `${counted?.due ?? 0} deliveries are due, ${(counted?.pending ?? 0) - (counted?.due ?? 0)} wait`;
}

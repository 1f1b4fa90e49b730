import pg from 'pg';
import { type Outage } from '#libs/platform/outage.js';
import { beginInnerSpan, spanning } from '#libs/platform/tracing.js';
import { Batch, type BatchResult, type Statement } from './batch.js';
import { asUnavailable, ReadOnlyDatabase, unavailable } from './unavailable.js';

/** The roles that migrations create. Neither owns a table nor bypasses row-level security. */
export type DatabaseRole = 'deskstream_app' | 'deskstream_worker';

/** How to connect to the database, and in which role. */
export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Set by every connection before its first query. If absent, the login's own rights apply, as for migrations. */
  role?: DatabaseRole;
  /** Maximum number of connections. */
  poolSize?: number;
  /** Receives failures and successes of the server. */
  outage?: Outage;
}

const INT8_OID = 20;

/**
 * Keeps a broken connection from ending the process: pg reports the break to the client as well as to the failing
 * query, and an `error` event without a listener is fatal. The query's caller gets the error, and the pool drops the
 * connection. Call it at once, because a connection may break while it is handed out.
 */
export function survive(client: pg.ClientBase): void {
  client.on('error', () => undefined);
}

/** Returns whether the connection's server is a standby. A primary does not become one while it has connections. */
export async function isStandby(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  return rows[0]?.standby === true;
}

/**
 * Prepares a connection that a pool has opened. Refuses a standby: it takes no changes, and its `pg_locks` lacks the
 * primary's writers, so readers of the feed would miss their events.
 * @throws {ReadOnlyDatabase}
 */
async function onConnect(client: pg.ClientBase): Promise<void> {
  survive(client);
  if (await isStandby(client)) throw new ReadOnlyDatabase();
}

/** Options that all pools share. */
export const POOL = { keepAlive: true, connectionTimeoutMillis: 5_000, onConnect };

/** Statements read little. Parallel workers and JIT would take longer, and processors from others. */
const ONE_PROCESSOR = ['max_parallel_workers_per_gather=0', 'jit=off'];

/** Returns TypeORM's options for this database. */
export function dataSourceOptions(options: DatabaseOptions) {
  const session = ['statement_timeout=15s', 'idle_in_transaction_session_timeout=15s', 'timezone=UTC'];
  // Most reads hit memory, or disks with cheap random access.
  session.push('random_page_cost=1.1');
  // Plans are cached, and a table that is small at first may grow. Every query has an index.
  if (options.role) session.push(`role=${options.role}`, 'enable_seqscan=off', ...ONE_PROCESSOR);
  return {
    type: 'postgres' as const,
    url: options.url,
    poolSize: options.poolSize ?? 10,
    poolErrorHandler: () => undefined,
    extra: {
      ...POOL,
      options: session.map((setting) => `-c ${setting}`).join(' '),
    },
  };
}

const standardParser = pg.types.getTypeParser as (oid: number, format?: string) => (value: string) => unknown;

/** Parses 64-bit integers as numbers: positions and counts stay far below 2^53. */
const getTypeParser = (oid: number, format?: string) => (oid === INT8_OID ? Number : standardParser(oid, format));

/** Returns a connection of the pool. @throws {DomainError} `unavailable` */
export async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw unavailable(error);
  }
}

/** Sends a batch. @throws {DomainError} `unavailable`, see {@link asUnavailable}; else the server's error */
export function send(client: pg.ClientBase, statements: Statement[], wanted: number): Promise<BatchResult[]> {
  const span = beginInnerSpan('database batch');
  if (!span) return sendBatch(client, statements, wanted);
  const attributes = { 'db.system.name': 'postgresql', 'db.operation.batch.size': statements.length };
  return spanning(span, attributes, () => sendBatch(client, statements, wanted));
}

async function sendBatch(client: pg.ClientBase, statements: Statement[], wanted: number): Promise<BatchResult[]> {
  const batch = new Batch(statements, { getTypeParser }, wanted);
  try {
    client.query(batch);
    return await batch.results;
  } catch (error) {
    throw asUnavailable(error);
  }
}

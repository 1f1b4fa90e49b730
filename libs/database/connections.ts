import pg from 'pg';
import { Batch, type BatchResult, type Statement } from './batch.js';
import { asUnavailable, ReadOnlyDatabase, unavailable } from './unavailable.js';

/** The roles that migrations create. Neither owns a table nor bypasses row-level security. */
export type DatabaseRole = 'deskstream_app' | 'deskstream_worker';

/** How to reach the database, and as whom. */
export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Taken on by every connection before its first query. Left out: the login's own rights, for migrations. */
  role?: DatabaseRole;
  /** Most connections open at once. */
  poolSize?: number;
}

const INT8_OID = 20;

/**
 * A connection that breaks tells its client as well as the query that fails, and a client that nobody listens to ends
 * the process. The query's user hears of it, and the pool drops the connection. It may break in the very moment in which
 * it is handed out, so somebody listens from the first on.
 */
export function survive(client: pg.ClientBase): void {
  client.on('error', () => undefined);
}

/** Whether the server of a connection is a standby. A primary does not become one while it has connections. */
export async function isStandby(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  return rows[0]?.standby === true;
}

/**
 * Prepares a connection that a pool has opened. A standby is refused: it takes no changes, and its `pg_locks` lacks the
 * writers of the primary, so that readers of the feed would miss their events.
 * @throws {ReadOnlyDatabase}
 */
async function onConnect(client: pg.ClientBase): Promise<void> {
  survive(client);
  if (await isStandby(client)) throw new ReadOnlyDatabase();
}

/** What all pools have in common. */
export const POOL = { keepAlive: true, connectionTimeoutMillis: 5_000, onConnect };

/** A statement reads little. To start processes that help, or to compile it, takes longer, from what others need. */
const ONE_PROCESSOR = ['max_parallel_workers_per_gather=0', 'jit=off'];

/** TypeORM's options for this database. */
export function dataSourceOptions(options: DatabaseOptions) {
  const session = ['statement_timeout=15s', 'idle_in_transaction_session_timeout=15s', 'timezone=UTC'];
  // What is read is mostly in memory, or on a disk that does not mind where it is.
  session.push('random_page_cost=1.1');
  // Plans are kept, and a table that is small when one is made grows. Whatever we ask has an index.
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

/** 64-bit integers arrive as numbers: positions and counts stay far below 2^53. */
const getTypeParser = (oid: number, format?: string) => (oid === INT8_OID ? Number : standardParser(oid, format));

/** A connection of the pool. @throws {DomainError} `unavailable` */
export async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw unavailable(error);
  }
}

/** Sends a batch. @throws {DomainError} `unavailable` when the connection is not to be used any more; else what the server says */
export async function send(client: pg.ClientBase, statements: Statement[], wanted: number): Promise<BatchResult[]> {
  const batch = new Batch(statements, { getTypeParser }, wanted);
  try {
    client.query(batch);
    return await batch.results;
  } catch (error) {
    throw asUnavailable(error);
  }
}

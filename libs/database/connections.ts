import pg from 'pg';
import { type Outage } from '#libs/platform/outage.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { beginInnerSpan, spanning } from '#libs/platform/tracing.js';
import { Batch, type BatchResult, type Preparing, type Statement } from './batch.js';
import { asUnavailable, ReadOnlyDatabase, unavailable } from './unavailable.js';

/** The roles that migrations create. Neither owns a table nor bypasses row-level security. */
export type DatabaseRole = 'deskstream_app' | 'deskstream_worker';

/** How to connect to the database, and in which role. */
export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Taken on before the first query. If absent, the login's own rights apply, as for migrations. */
  role?: DatabaseRole;
  /** Whether the URL leads to a pooler, which may hand each transaction another session of the server. */
  pooled?: boolean;
  /** Whether statements stay prepared; see {@link Preparing}. */
  prepared?: boolean;
  /** Maximum number of connections. */
  poolSize?: number;
  /** Accepts a standby. */
  standby?: boolean;
  /** Receives failures and successes of the server. */
  outage?: Outage;
}

/** Maximum wait of a call for a connection. */
export const WITHIN_MS = 5_000;
const INT8_OID = 20;

/**
 * Keeps a broken connection from ending the process: pg reports the break to the client as well as to the failing
 * query, and an `error` event without a listener is fatal. The query's caller gets the error, and the pool drops the
 * connection. Call it at once, because a connection may break while it is handed out.
 */
export function survive(client: pg.ClientBase): void {
  client.on('error', () => undefined);
}

/**
 * Prepares a connection that a pool has opened. Refuses a standby: it accepts no changes, and its `pg_locks` lacks the
 * writers of the primary, so readers of the feed would miss events. A primary does not become a standby while a session
 * lasts.
 * @throws {ReadOnlyDatabase}
 */
async function onConnect(client: pg.ClientBase): Promise<void> {
  survive(client);
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  if (rows[0]?.standby) throw new ReadOnlyDatabase();
}

/** Options that all pools share. */
export const POOL = { keepAlive: true, connectionTimeoutMillis: 5_000, onConnect };

const SETTINGS = {
  statement_timeout: '15s',
  idle_in_transaction_session_timeout: '15s',
  timezone: 'UTC',
  // Most reads hit memory, or disks with cheap random access.
  random_page_cost: '1.1',
};
const SETTINGS_OF_ROLES = {
  // Plans are cached, and a table that is small at first may grow. Every query has an index.
  enable_seqscan: 'off',
  // Statements read little. Parallel workers and JIT would take longer, and use processors that others need.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
};

function settingsOf({ role }: DatabaseOptions): [name: string, value: string][] {
  return Object.entries(role ? { ...SETTINGS, ...SETTINGS_OF_ROLES, role } : SETTINGS);
}

/** Fails on a standby, which draws no positions; see {@link onConnect}. */
const NO_STANDBY = "CASE WHEN pg_is_in_recovery() THEN nextval('event_position') END";

/**
 * Returns the statements that begin each transaction. Through a pooler, no setting outlives a transaction, and the next
 * one may run on another server, which has become a standby.
 */
export function openingOf(options: DatabaseOptions): Statement[] {
  const set = settingsOf(options).map(([name, value]) => `set_config('${name}', '${value}', true)`);
  return options.pooled ? [{ text: `SELECT ${[...set, NO_STANDBY].join(', ')}` }] : [];
}

/** Returns TypeORM's options for this database. */
export function dataSourceOptions(options: DatabaseOptions) {
  const session = settingsOf(options).map(([name, value]) => `-c ${name}=${value}`);
  return {
    type: 'postgres' as const,
    url: options.url,
    poolSize: options.poolSize ?? 10,
    poolErrorHandler: () => undefined,
    extra: {
      ...POOL,
      ...(options.standby && { onConnect: survive }),
      ...(!options.pooled && { options: session.join(' ') }),
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

/** Finds itself, unless a pooler renames the statements of its clients to keep them apart. */
const PROBE = {
  name: 'deskstream_probe',
  text: `SELECT FROM pg_prepared_statements WHERE name = 'deskstream_probe'`,
};
const DUPLICATE_STATEMENT = '42P05';

/** @throws {StartupError} when clients of the pooler would get each other's prepared statements */
export async function requirePrepared({ url, pooled, prepared = true }: DatabaseOptions, pool: pg.Pool): Promise<void> {
  if (!pooled || !prepared) return;
  const found = await pool.query(PROBE).catch((error: unknown) => {
    if ((error as { code?: string }).code === DUPLICATE_STATEMENT) return { rowCount: 1 };
    throw unavailable(error);
  });
  if (found.rowCount === 0) return;
  throw new StartupError(
    `The pooler at ${new URL(url).host} does not support prepared statements. Set DATABASE_PREPARED_STATEMENTS to false, or max_prepared_statements in PgBouncer 1.21 or later.`,
  );
}

const REFUSED_OPTIONS = /unsupported startup parameter/;

/** Whether a connection failed because a pooler accepts no options of a session, which several clients share. */
export function refusesOptions(error: unknown): boolean {
  return error instanceof Error && REFUSED_OPTIONS.test(error.message);
}

/** Sends a batch. @throws {DomainError} `unavailable`, see {@link asUnavailable}; else the server's error */
export function send(
  client: pg.ClientBase,
  statements: Statement[],
  wanted: number,
  options: DatabaseOptions,
): Promise<BatchResult[]> {
  const batch = new Batch(statements, { getTypeParser }, wanted, preparingOf(options));
  const span = beginInnerSpan('database batch');
  if (!span) return resultsOf(client, batch);
  const attributes = { 'db.system.name': 'postgresql', 'db.operation.batch.size': statements.length };
  return spanning(span, attributes, () => resultsOf(client, batch));
}

function preparingOf({ prepared = true, pooled = false }: DatabaseOptions): Preparing {
  if (!prepared) return 'nowhere';
  return pooled ? 'pooler' : 'session';
}

async function resultsOf(client: pg.ClientBase, batch: Batch): Promise<BatchResult[]> {
  try {
    client.query(batch);
    return await batch.results;
  } catch (error) {
    throw asUnavailable(error);
  }
}

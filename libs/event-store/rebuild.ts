import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { DomainError } from '#libs/platform/domain-error.js';
import { type EventCodec } from './event-codec.js';
import { PARTITIONS } from './partitions.js';
import { CatchUp } from './rebuild-catch-up.js';
import { Fill } from './rebuild-fill.js';
import { pagesOf } from './rebuild-pages.js';
import { type RebuildProgress, SCHEMA_PREFIX, Shadow } from './rebuild-shadow.js';
import { type AnyStreamDefinition } from './stream-definition.js';

/** The result of a rebuild. `heldMs` is the time that writes to the table had to wait. */
export interface RebuildResult {
  table: string;
  events: number;
  heldMs: number;
}

export interface RebuildOptions {
  /** The program that rebuilds. A killed rebuild is continued if it was of the same program. */
  program?: string;
  /** Number of connections that fill the table at the same time. */
  connections?: number;
  /** Receives the progress page by page, beginning with that of a killed rebuild. */
  onProgress?: (progress: RebuildProgress) => void;
}

/** Pause before partitions that other connections have taken are tried again. */
const LEFT_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';
const UNIQUE_VIOLATION = '23505';
/** Maximum number of times that the end is tried again after a unique violation. */
const MOST_VIOLATIONS = 20;

/**
 * Rebuilds a read table from the events while the application runs: fills a new table beside the old one, and replaces
 * the old one under a lock that is held only to apply the last few events. The next rebuild continues a killed one.
 * @param ownerUrl the database, as the role that owns its tables
 */
export async function rebuildTable(
  ownerUrl: string,
  codec: EventCodec,
  definition: AnyStreamDefinition,
  table: string,
  { program = '', connections = availableParallelism() + 1, onProgress = () => undefined }: RebuildOptions = {},
): Promise<RebuildResult> {
  const clients = Array.from(
    { length: connections },
    () => new pg.Client({ connectionString: ownerUrl, options: '-c lock_timeout=2s' }),
  );
  // The running query reports it.
  for (const client of clients) client.on('error', () => undefined);
  try {
    await Promise.all(clients.map((client) => client.connect()));
    const [first] = clients as [pg.Client];
    await takeLock(first, table);
    const shadow = new Shadow(first, table, `${program} ${definition.shape}`);
    await shadow.open();
    await fill(clients, shadow, codec, definition, onProgress);
    const heldMs = await finish(first, shadow, new CatchUp(first, shadow, codec, definition));
    return { table, ...heldMs };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** Returns the key of the lock that a rebuild holds. @param table SQL of the table's name */
const lockOf = (table: string) => `hashtext('rebuild ' || ${table})`;

async function takeLock(client: pg.Client, table: string): Promise<void> {
  const text = `SELECT pg_try_advisory_lock(${lockOf('$1')}) AS taken`;
  const { rows } = await client.query<{ taken: boolean }>(text, [table]);
  if (!rows[0]?.taken) throw new DomainError('conflict', `${table} is already being rebuilt`);
}

/** A schema of a rebuild that was killed. It holds personal data for as long as it is left. */
export interface LeftRebuild {
  schema: string;
  table: string;
}

/** Returns what killed rebuilds have left, unless one goes on with it now. */
export async function leftRebuilds(client: pg.ClientBase): Promise<LeftRebuild[]> {
  const { rows } = await client.query<LeftRebuild>(
    `SELECT schema, "table"
     FROM pg_namespace, LATERAL (SELECT nspname::text AS schema, substr(nspname, length($1) + 1) AS "table")
     WHERE starts_with(schema, $1) AND NOT EXISTS (
       SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
       WHERE locktype = 'advisory' AND objsubid = 1 AND datname = current_database()
         AND classid::int8 << 32 | objid::int8 = ${lockOf('"table"')})
     ORDER BY schema`,
    [SCHEMA_PREFIX],
  );
  return rows;
}

async function fill(
  clients: pg.Client[],
  shadow: Shadow,
  codec: EventCodec,
  definition: AnyStreamDefinition,
  onProgress: (progress: RebuildProgress) => void,
): Promise<void> {
  const fills = clients.map((client) => new Fill(client, shadow, pagesOf(codec, definition, shadow.name)));
  let progress = await shadow.progress();
  onProgress(progress);
  const onPage = (events: number, isLast: boolean) => {
    progress = { events: progress.events + events, partitions: progress.partitions + (isLast ? 1 : 0) };
    onProgress(progress);
  };
  while (progress.partitions < PARTITIONS) {
    await Promise.all(fills.map((one) => one.run(onPage)));
    progress = await shadow.progress();
    // PostgreSQL may still process a page of a killed rebuild.
    if (progress.partitions < PARTITIONS) await pause(LEFT_MS);
  }
}

/** Builds the indexes and replaces the old table; tries again after a unique violation or without the lock. */
async function finish(client: pg.Client, shadow: Shadow, catchUp: CatchUp): Promise<Omit<RebuildResult, 'table'>> {
  for (let violations = 0; ;) {
    try {
      await catchUp.run();
      await shadow.createIndexes();
      return await flip(client, shadow, catchUp);
    } catch (error) {
      await client.query('ROLLBACK');
      const { code } = error as { code?: string };
      const isViolated = code === UNIQUE_VIOLATION && ++violations < MOST_VIOLATIONS;
      if (!isViolated && code !== LOCK_NOT_AVAILABLE) throw error;
      // A value's new owner was read before its old one released it: the indexes must not be there yet.
      if (isViolated) await shadow.dropIndexes();
    }
  }
}

/**
 * Replaces the old table. Once it is locked, each append has either written to it and committed, so its events are
 * applied here; or has not accessed it yet, and will write to the new one.
 */
async function flip(client: pg.Client, shadow: Shadow, catchUp: CatchUp): Promise<Omit<RebuildResult, 'table'>> {
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${shadow.live} IN ACCESS EXCLUSIVE MODE`);
  const lockedAt = performance.now();
  while (!(await catchUp.step('SELECT last_value FROM event_position')));
  const { events } = await shadow.progress();
  await shadow.replace();
  await client.query('COMMIT');
  return { events, heldMs: performance.now() - lockedAt };
}

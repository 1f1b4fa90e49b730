import { setTimeout as pause } from 'node:timers/promises';
import { OutageError } from '#libs/platform/domain-error.js';
import { withTimeout } from '#libs/platform/timeout.js';
import { type Outage } from '#libs/platform/outage.js';
import { type BatchResult, type Statement } from './batch.js';
import { type DatabaseOptions, refusesOptions } from './connections.js';
import { Database } from './database.js';
import { ReadOnlyDatabase } from './unavailable.js';
import { type WalPoint } from './wal-positions.js';

/** Pause between polls of a server's WAL position. */
export const LOOK_MS = 100;
/** Pause before the next try to reach an unavailable standby. */
const RETRY_MS = 1_000;
/** Time without an answer to a poll after which the standby counts as unavailable. */
const ANSWER_MS = 2_000;

/** Identifies a primary and its standbys, and returns the session's role. */
const SYSTEM = {
  text: `SELECT system_identifier::text AS system, current_setting('role') AS role FROM pg_control_system()`,
};
/** The end of the WAL that a primary has written: see {@link WalPoint}. The file's name begins with the timeline. */
export const WRITTEN = {
  text: `SELECT ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::int AS timeline, (lsn - '0/0')::float8 AS position
         FROM pg_current_wal_insert_lsn() AS lsn`,
};
/**
 * A timeline that a standby has certainly reached. It may have reached the next one: it notes that with its next
 * restartpoint, or when it writes a page that was changed since.
 */
const REACHED = `(SELECT greatest(timeline_id, min_recovery_end_timeline) FROM pg_control_checkpoint(), pg_control_recovery())`;
/** See {@link Replayed}. */
const REPLAYED = {
  text: `SELECT pg_is_in_recovery() AS standby, ${REACHED} AS timeline,
           (pg_last_wal_replay_lsn() - '0/0')::float8 AS position`,
};
/** Fails on a server that has not replayed a point, or is not a standby any more. */
const REQUIRE = `SELECT 1 / (pg_is_in_recovery() AND ${REACHED} = $1 AND pg_last_wal_replay_lsn() - '0/0' >= $2)::int`;
/** SQLSTATE division_by_zero. */
const NOT_REPLAYED = '22012';

/** How much of a primary's WAL a standby has replayed. */
interface Replayed extends WalPoint {
  standby: boolean;
}

type Connecting = Pick<DatabaseOptions, 'url' | 'role' | 'poolSize'>;

/** How to connect to a standby, and to whom to tell how it is. */
export interface StandbyOptions extends Connecting {
  /** Receives failures and successes of the standby. */
  outage: Outage;
}

/** Whether an error of {@link Standby.transact} means that the standby has not replayed the required point. */
export function isBehind(error: unknown): boolean {
  return (error as { code?: string }).code === NOT_REPLAYED;
}

/**
 * Opens a hot standby of a database.
 * @throws {Error} that says why the server at the URL does not serve as one
 */
export async function openStandby({ url, role, poolSize }: Connecting, primary: Database): Promise<Database> {
  const standby = await Database.open({ url, role, poolSize, standby: true }).catch((error: unknown) => {
    const { cause = error } = error as Error;
    throw refusesOptions(cause) ? new Error(POOLED) : cause;
  });
  try {
    const both = [primary, standby].map((server) => server.query<{ system: string; role: string }>(null, SYSTEM));
    const [ours, its] = await Promise.all(both);
    if (ours?.[0]?.system !== its?.[0]?.system) throw new Error('DATABASE_REPLICA_URL belongs to another database');
    // A pooler may drop the options of a session, which set it.
    if (its?.[0]?.role !== role) throw new Error(POOLED);
    return standby;
  } catch (error) {
    await standby.close();
    throw error;
  }
}

const POOLED = 'DATABASE_REPLICA_URL leads to a pooler; it must be the standby itself';

/** Returns the point that a standby has replayed. @throws {Error} when it is a standby no more */
export async function replayedBy(standby: Database): Promise<WalPoint> {
  // A connection that no read uses: a busy standby is not unavailable.
  const rows = await standby.inUnit('', [REPLAYED], (_, [found]) => Promise.resolve(found?.rows as Replayed[]));
  if (!rows[0]?.standby) throw new Error('The server of DATABASE_REPLICA_URL is not a standby');
  return rows[0];
}

/** The connection to a hot standby, which may be unavailable and is reconnected. */
export class Standby {
  #database: Database | undefined;
  /** Ends the wait for answers of a standby that becomes unavailable. */
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #closing = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: StandbyOptions,
    private readonly primary: Database,
  ) {}

  get isUp(): boolean {
    return this.#database !== undefined;
  }

  /** Connects, and polls the standby until it is closed. @param onReplayed receives how far it has replayed */
  start(onReplayed: (point: WalPoint) => void): void {
    this.#looking = this.#repeat(onReplayed);
  }

  /**
   * Runs statements that only read, in one round trip.
   * @param point the point of the WAL that must have been replayed
   * @throws any error, such as one that {@link isBehind}: the statements can be sent to the primary
   */
  async transact(point: WalPoint, organizationId: string | null, statements: Statement[]): Promise<BatchResult[]> {
    const database = this.#database;
    if (!database) throw new Error('The standby is unavailable');
    const required = { text: REQUIRE, values: [point.timeline, point.position] };
    try {
      return (await this.#unlessLost(database.transact(organizationId, [required, ...statements]))).slice(1);
    } catch (error) {
      if (error instanceof OutageError && !(error instanceof ReadOnlyDatabase)) this.#lose(database, error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
    await this.#database?.close();
  }

  async #repeat(onReplayed: (point: WalPoint) => void): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        onReplayed(await this.#look());
      } catch (error) {
        this.#lose(this.#database, error as Error);
      }
      await pause(this.isUp ? LOOK_MS : RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #look(): Promise<WalPoint> {
    this.#database ??= await openStandby(this.options, this.primary);
    const point = await withTimeout(replayedBy(this.#database), ANSWER_MS);
    this.options.outage.worked();
    return point;
  }

  #lose(database: Database | undefined, error: Error): void {
    this.options.outage.failed(error.cause ?? error);
    if (database !== this.#database) return;
    this.#database = undefined;
    for (const reject of this.#waiting) reject(error);
    // Closing waits for connections, which may never end.
    void database?.close().catch(() => undefined);
  }

  #unlessLost<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      void answer.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}

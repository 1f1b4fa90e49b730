import { AsyncLocalStorage } from 'node:async_hooks';
import { DataSource } from 'typeorm';
import pg from 'pg';
import { type BatchResult, type Statement } from './batch.js';
import { BatchPool, HURRIES, type ScopedStatement } from './batch-pool.js';
import { type DatabaseOptions, dataSourceOptions, requirePrepared } from './connections.js';
import { Grouping } from './grouping.js';
import { OutageWatch } from './outage-watch.js';
import { type PoolLoad } from './pool-load.js';
import { ReadOnlyDatabase, unavailable } from './unavailable.js';
import { UnitOfWork } from './unit-of-work.js';
import { UnitPool, type Work } from './unit-pool.js';

/** Lookups that share a batch, at most. The pool bounds the number of parallel batches. */
const LOOKUPS = { parallel: Infinity, size: 32 };
const IS_READ_ONLY = { text: `SELECT current_setting('transaction_read_only') = 'on' AS readonly` };

/** Answers reads in place of the database. */
export interface Reader {
  /** Runs the statements as one transaction. @param askPrimary lets the database itself run them */
  read(
    organizationId: string | null,
    statements: Statement[],
    askPrimary: () => Promise<BatchResult[]>,
  ): Promise<BatchResult[]>;
}

/** What answers a call in place of the database: the unit of work that it is part of, or else a reader. */
type Deputy = UnitOfWork | Reader;

/**
 * The only access to PostgreSQL. Every call is one network round trip and one transaction: see {@link Batch}. Every
 * call names its organization, and row-level security shows it only that organization's rows. Without one (`null`),
 * tenant tables look empty.
 */
export class Database {
  /** What answers the current calls. A call reads it once, because each read takes time. */
  readonly #deputy = new AsyncLocalStorage<Deputy>();
  readonly #batches: BatchPool;
  readonly #unitPool: UnitPool;
  readonly #watch: OutageWatch;
  readonly #lookups = new Grouping<ScopedStatement, BatchResult>(LOOKUPS, (all) => this.#batches.sendDistinct(all));

  /** @param units the pool for units of work */
  protected constructor(
    private readonly dataSource: DataSource,
    private readonly units: pg.Pool,
    options: DatabaseOptions,
  ) {
    this.#watch = new OutageWatch(options.outage, () => this.#send(null, [IS_READ_ONLY], true));
    this.#batches = new BatchPool(dataSource, options, this.#watch);
    this.#unitPool = new UnitPool(units, options, this.#watch);
  }

  /**
   * Opens the database. Fails with {@link DomainError} `unavailable` when the server is unreachable.
   * @throws {StartupError} when a pooler does not support what the options ask for
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const settings = dataSourceOptions(options);
    const dataSource = new DataSource(settings);
    try {
      await dataSource.initialize();
    } catch (error) {
      throw unavailable(error);
    }
    const max = Math.ceil(settings.poolSize / 2);
    const units = new pg.Pool({ connectionString: options.url, max, ...settings.extra });
    units.on('error', () => undefined);
    const database = new this(dataSource, units, options);
    try {
      await requirePrepared(options, units);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Returns one statement's rows, as one organization sees them. */
  async query<Row>(organizationId: string | null, statement: Statement): Promise<Row[]> {
    const [result] = await this.transact(organizationId, [statement]);
    return result?.rows as Row[];
  }

  /**
   * Returns the rows of a statement that finds few by an index. Lookups of one turn of the event loop share a round
   * trip, because writing to a socket costs more than finding a row. Equal lookups share their rows as well.
   */
  async lookup<Row>(organizationId: string, statement: Statement): Promise<Row[]> {
    const deputy = this.#deputy.getStore();
    const result = deputy
      ? (await this.#ask(deputy, organizationId, [statement]))[0]
      : await this.#lookups.call(organizationId, { scope: organizationId, statement });
    return result?.rows as Row[];
  }

  /** Runs the statements as one transaction in one round trip. The first that fails rolls back and rejects all. */
  transact(organizationId: string | null, statements: Statement[]): Promise<BatchResult[]> {
    const deputy = this.#deputy.getStore();
    return deputy ? this.#ask(deputy, organizationId, statements) : this.#send(organizationId, statements, true);
  }

  /** Runs statements that several callers share. Fails with {@link Contended} rather than wait long for a lock. */
  transactTogether(statements: Statement[]): Promise<BatchResult[]> {
    return this.#batches.send(scopedTo('', statements), true, HURRIES);
  }

  /** Runs statements like {@link transact}, but returns no rows. */
  async write(organizationId: string | null, statements: Statement[]): Promise<void> {
    const { unit } = this;
    await (unit ? unit.run(organizationId, statements, 0) : this.#send(organizationId, statements, false));
  }

  /**
   * Writes for several organizations in one transaction, each in its own scope. Fails soon with {@link Contended} when
   * a write waits for a lock, so that it does not delay the others.
   * @throws see {@link failedOrganization}; nothing has been written then
   */
  async writeTogether(writes: { organizationId: string; statements: Statement[] }[]): Promise<void> {
    const scoped = writes.flatMap(({ organizationId, statements }) => scopedTo(organizationId, statements));
    await this.#batches.send(scoped, false, HURRIES);
  }

  /** The unit of work of the current calls, if any. */
  get unit(): UnitOfWork | undefined {
    const deputy = this.#deputy.getStore();
    return deputy instanceof UnitOfWork ? deputy : undefined;
  }

  /**
   * Makes one transaction of all calls of this database in the course of `work`, at the cost of two more round trips.
   * If `work` fails, nothing is written. If the answer to the commit is lost, all of it or nothing is.
   * @throws {Contended} on a deadlock with other transactions; the work can be retried
   * @param opening statements that run first; `work` gets their results
   */
  inUnit<T>(organizationId: string, opening: Statement[], work: Work<T>): Promise<T> {
    return this.#unitPool.run(organizationId, opening, (unit, opened) => this.#deputy.run(unit, work, unit, opened));
  }

  /** Lets a reader answer what is read in the course of `work`, other than in units of work. */
  readBy<T>(reader: Reader, work: () => T): T {
    return this.unit ? work() : this.#deputy.run(reader, work);
  }

  /** Runs work that must read the latest state, which no reader may answer. */
  latest<T>(work: () => T): T {
    return this.unit ? work() : this.#deputy.exit(work);
  }

  /** Throws {@link DomainError} `unavailable` when the database does not answer, or is read-only. */
  async ping(): Promise<void> {
    const [row] = await this.query<{ readonly: boolean }>(null, IS_READ_ONLY);
    if (row?.readonly) throw new ReadOnlyDatabase();
  }

  /** The load of each pool; none of a closed database. */
  get loads(): PoolLoad[] {
    const { load } = this.#batches;
    return load ? [load, this.#unitPool.load] : [];
  }

  async close(): Promise<void> {
    this.#watch.stop();
    await Promise.all([this.dataSource.destroy(), this.units.end()]);
  }

  #ask(deputy: Deputy, organizationId: string | null, statements: Statement[]): Promise<BatchResult[]> {
    if (deputy instanceof UnitOfWork) return deputy.run(organizationId, statements, statements.length);
    return deputy.read(organizationId, statements, () => this.#send(organizationId, statements, true));
  }

  #send(organizationId: string | null, statements: Statement[], wanted: boolean): Promise<BatchResult[]> {
    return this.#batches.send(scopedTo(organizationId ?? '', statements), wanted);
  }
}

/** The database as the worker sees it: the same tables, of all organizations. */
export class WorkerDatabase extends Database {}

function scopedTo(scope: string, statements: Statement[]): ScopedStatement[] {
  return statements.map((statement) => ({ scope, statement }));
}

/** Returns the name of the unique index or constraint that the error violates, if any. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' ? constraint : undefined;
}

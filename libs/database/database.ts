import { AsyncLocalStorage } from 'node:async_hooks';
import { DataSource } from 'typeorm';
import pg from 'pg';
import { DomainError, OutageError } from '#libs/platform/domain-error.js';
import { Places } from '#libs/platform/places.js';
import { type BatchResult, failedStatement, preparedAnew, type Statement } from './batch.js';
import { connect, type DatabaseOptions, dataSourceOptions, openingOf, requirePrepared, send } from './connections.js';
import { Grouping } from './grouping.js';
import { Contended, ReadOnlyDatabase, refusal, unavailable } from './unavailable.js';
import { UnitOfWork } from './unit-of-work.js';

/** Maximum wait for a connection. */
const WITHIN_MS = 5_000;
/** Pause between looks for the end of an outage. */
const LOOK_MS = 1_000;
/** Lookups that share a batch, at most. The pool bounds the number of parallel batches. */
const LOOKUPS = { parallel: Infinity, size: 32 };

/** A statement, and the organization whose rows it sees; none if empty. */
interface ScopedStatement {
  scope: string;
  statement: Statement;
}

/** Answers reads in place of the database. */
export interface Reader {
  /** Runs the statements as one transaction. @param askPrimary lets the database itself run them */
  read(
    organizationId: string | null,
    statements: Statement[],
    askPrimary: () => Promise<BatchResult[]>,
  ): Promise<BatchResult[]>;
}

/** The connections of a pool, and who waits for one. */
export interface PoolLoad {
  /** Tells the pool for units of work from the other, which has none. */
  suffix: '' | '_units';
  max: number;
  inUse: number;
  idle: number;
  /** Calls without a connection. */
  waiting: number;
}

/** The settings that differ between batches. */
interface Session {
  organizationId: string;
  lockTimeout: string;
}

/** Key under which a batch of several organizations waits for a connection. */
const SHARED = 'shared';
const WAITS_FOR_LOCKS = '0';
/** Maximum lock wait of a transaction that several organizations share. */
const HURRIES = '50ms';

/** The organization whose statement made a shared transaction fail, by error. */
const failedOrganizations = new WeakMap<object, string>();

/** Returns the organization whose write made {@link Database.writeTogether} fail; undefined if none did. */
export function failedOrganization(error: unknown): string | undefined {
  return failedOrganizations.get(error as object);
}

/**
 * The only access to PostgreSQL. Every call is one network round trip and one transaction: see {@link Batch}. Every
 * call names its organization, and row-level security shows it only that organization's rows. Without one (`null`),
 * tenant tables look empty.
 */
export class Database {
  /**
   * The settings of each connection, while they are known: a failed batch reverts them. Saves the statement that sets
   * them when consecutive batches belong to one organization.
   */
  readonly #sessions = new WeakMap<pg.PoolClient, Session>();

  /** The unit of work that the current calls belong to. */
  readonly #unit = new AsyncLocalStorage<UnitOfWork>();

  /** What answers the current calls' reads. */
  readonly #reader = new AsyncLocalStorage<Reader | undefined>();

  readonly #lookups = new Grouping<ScopedStatement, BatchResult>(LOOKUPS, (lookups) => this.#sendDistinct(lookups));

  #looking: NodeJS.Timeout | undefined;
  /** Begins each transaction. */
  readonly #opening: Statement[];
  /** Sets a {@link Session}: for good, or through a pooler for the transaction. */
  readonly #set: string;
  readonly #places: Places;
  /** Leaves one place to others: a unit can be long. */
  readonly #unitPlaces: Places;

  /** @param units the pool for units of work, so that long ones do not delay other calls */
  protected constructor(
    private readonly dataSource: DataSource,
    private readonly units: pg.Pool,
    sizes: { pool: number; units: number },
    private readonly options: DatabaseOptions,
  ) {
    const isLocal = options.pooled === true;
    this.#opening = openingOf(options);
    this.#set = `SELECT set_config('app.org', $1, ${isLocal}), set_config('lock_timeout', $2, ${isLocal})`;
    this.#places = new Places({ places: sizes.pool, withinMs: WITHIN_MS });
    this.#unitPlaces = new Places({
      places: sizes.units,
      most: Math.max(1, sizes.units - 1),
      withinMs: WITHIN_MS,
      refusal: 'Too many requests with an Idempotency-Key are being processed; send this one again',
    });
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
    const database = new this(dataSource, units, { pool: settings.poolSize, units: max }, options);
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
    if (this.unit ?? this.#reader.getStore()) return this.query(organizationId, statement);
    const { rows } = await this.#lookups.call(organizationId, { scope: organizationId, statement });
    return rows as Row[];
  }

  /** Runs the statements as one transaction in one round trip. The first that fails rolls back and rejects all. */
  transact(organizationId: string | null, statements: Statement[]): Promise<BatchResult[]> {
    return this.#run(organizationId, statements, true);
  }

  /** Runs statements that several callers share. Fails with {@link Contended} rather than wait long for a lock. */
  transactTogether(statements: Statement[]): Promise<BatchResult[]> {
    const scoped = statements.map((statement) => ({ scope: '', statement }));
    return this.#send(scoped, true, HURRIES);
  }

  /** Runs statements like {@link transact}, but returns no rows. */
  async write(organizationId: string | null, statements: Statement[]): Promise<void> {
    await this.#run(organizationId, statements, false);
  }

  /**
   * Writes for several organizations in one transaction, each in its own scope. Fails soon with {@link Contended} when
   * a write waits for a lock, so that it does not delay the others.
   * @throws see {@link failedOrganization}; nothing has been written then
   */
  async writeTogether(writes: { organizationId: string; statements: Statement[] }[]): Promise<void> {
    const scoped = writes.flatMap(({ organizationId: scope, statements }) =>
      statements.map((statement) => ({ scope, statement })),
    );
    await this.#send(scoped, false, HURRIES);
  }

  /** The unit of work of the current calls, if any. */
  get unit(): UnitOfWork | undefined {
    return this.#unit.getStore();
  }

  /**
   * Makes one transaction of all calls of this database in the course of `work`, at the cost of two more round trips.
   * If `work` fails, nothing is written. If the answer to the commit is lost, all of it or nothing is.
   * @throws {Contended} on a deadlock with other transactions; the work can be retried
   * @param opening statements that run first; `work` gets their results
   */
  inUnit<T>(
    organizationId: string,
    opening: Statement[],
    work: (unit: UnitOfWork, opened: BatchResult[]) => Promise<T>,
  ): Promise<T> {
    return this.#unitPlaces.with(organizationId, () =>
      this.#watched(() => this.#inUnit(organizationId, opening, work)),
    );
  }

  async #inUnit<T>(
    organizationId: string,
    opening: Statement[],
    work: (unit: UnitOfWork, opened: BatchResult[]) => Promise<T>,
  ): Promise<T> {
    const client = await connect(this.units);
    const unit = new UnitOfWork(organizationId, (statements, wanted) => send(client, statements, wanted, this.options));
    try {
      const opened = await unit.begin(this.#opening, opening);
      const result = await this.#unit.run(unit, () => work(unit, opened));
      // If a part of the work failed as unavailable, the result must not be committed.
      if (unit.broken) throw unit.broken;
      await unit.commit();
      return result;
    } catch (error) {
      await unit.rollback().catch(() => undefined);
      throw unit.broken ?? error;
    } finally {
      client.release(unit.broken !== undefined);
    }
  }

  /** Lets a reader answer what is read in the course of `work`, other than in units of work. */
  readBy<T>(reader: Reader, work: () => T): T {
    return this.#reader.run(reader, work);
  }

  /** Runs work that must read the latest state, which no reader may answer. */
  latest<T>(work: () => T): T {
    return this.#reader.exit(work);
  }

  /** Throws {@link DomainError} `unavailable` when the database does not answer, or is read-only. */
  async ping(): Promise<void> {
    const text = "SELECT current_setting('transaction_read_only') = 'on' AS readonly";
    const [row] = await this.query<{ readonly: boolean }>(null, { text });
    if (row?.readonly) throw new ReadOnlyDatabase();
  }

  /** The load of each pool; none of a closed database. */
  get loads(): PoolLoad[] {
    const master = this.#master;
    return master ? [loadOf('', master, this.#places), loadOf('_units', this.units, this.#unitPlaces)] : [];
  }

  async close(): Promise<void> {
    this.#lookNoMore();
    await Promise.all([this.dataSource.destroy(), this.units.end()]);
  }

  /** Undefined when the database is closed. */
  get #master(): pg.Pool | undefined {
    return (this.dataSource.driver as unknown as { master?: pg.Pool }).master;
  }

  /** @throws {DomainError} `unavailable` when the database is closed already */
  get #pool(): pg.Pool {
    if (!this.#master) throw refusal(new Error('The database is closed'));
    return this.#master;
  }

  #run(organizationId: string | null, statements: Statement[], wanted: boolean): Promise<BatchResult[]> {
    const { unit } = this;
    if (unit) return unit.run(organizationId, statements, wanted ? statements.length : 0);
    const scoped = statements.map((statement) => ({ scope: organizationId ?? '', statement }));
    const send = () => this.#send(scoped, wanted);
    const reader = wanted ? this.#reader.getStore() : undefined;
    return reader ? reader.read(organizationId, statements, send) : send();
  }

  /** Sends each distinct statement once, grouped by organization. */
  async #sendDistinct(lookups: ScopedStatement[]): Promise<BatchResult[]> {
    const keys = lookups.map(({ scope, statement: { text, values } }) => JSON.stringify([scope, text, values]));
    const distinct = new Map(keys.map((key, index) => [key, lookups[index] as ScopedStatement]));
    const ordered = [...distinct].sort(([one], [other]) => (one < other ? -1 : 1));
    const results = await this.#send(
      ordered.map(([, lookup]) => lookup),
      true,
    );
    const answers = new Map(ordered.map(([key], index) => [key, results[index] as BatchResult]));
    return keys.map((key) => answers.get(key) as BatchResult);
  }

  /** Sends one batch. Statements set the session wherever it differs from that of the connection. */
  #send(scoped: ScopedStatement[], wanted: boolean, lockTimeout = WAITS_FOR_LOCKS): Promise<BatchResult[]> {
    const [first] = scoped;
    const isShared = scoped.some(({ scope }) => scope !== first?.scope);
    return this.#places.with(isShared ? SHARED : (first?.scope ?? ''), () =>
      this.#watched(() => this.#sendIn(scoped, wanted, lockTimeout)),
    );
  }

  /** Reports whether the server works. */
  async #watched<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.options.outage?.worked();
      return result;
    } catch (error) {
      if (error instanceof OutageError) this.#failed(error);
      throw error;
    }
  }

  /** Looks for the end of an outage, too: there may be no calls that would meet it. */
  #failed({ cause, message }: OutageError): void {
    const { outage } = this.options;
    if (!outage) return;
    outage.failed(cause ?? message);
    this.#looking ??= setInterval(() => {
      if (outage.lasts) void this.latest(() => this.ping()).catch(() => undefined);
      else this.#lookNoMore();
    }, LOOK_MS).unref();
  }

  #lookNoMore(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  async #sendIn(scoped: ScopedStatement[], wanted: boolean, lockTimeout: string): Promise<BatchResult[]> {
    const client = await connect(this.#pool);
    let session = this.#sessions.get(client);
    this.#sessions.delete(client);
    const statements = [...this.#opening];
    const places = scoped.map(({ scope, statement }) => {
      if (scope !== session?.organizationId || lockTimeout !== session.lockTimeout)
        statements.push({ text: this.#set, values: [scope, lockTimeout] });
      session = { organizationId: scope, lockTimeout };
      return statements.push(statement) - 1;
    });
    let failure: unknown;
    try {
      const answered = wanted ? statements.length - (places[0] ?? 0) : 0;
      const results = await preparedAnew(() => send(client, statements, answered, this.options));
      if (session && !this.options.pooled) this.#sessions.set(client, session);
      return places.map((place) => results[place] as BatchResult);
    } catch (error) {
      failure = error;
      const failed = failedStatement(error);
      const index = failed === undefined ? -1 : places.findIndex((place) => place >= failed);
      if (index >= 0) failedOrganizations.set(error as object, (scoped[index] as ScopedStatement).scope);
      throw error;
    } finally {
      client.release(failure instanceof DomainError && !(failure instanceof Contended));
    }
  }
}

/** The database as the worker sees it: the same tables, of all organizations. */
export class WorkerDatabase extends Database {}

function loadOf(suffix: PoolLoad['suffix'], pool: pg.Pool, { waiting }: Places): PoolLoad {
  const { totalCount, idleCount, waitingCount } = pool;
  return {
    suffix,
    max: pool.options.max,
    inUse: totalCount - idleCount,
    idle: idleCount,
    waiting: waiting + waitingCount,
  };
}

/** Returns the name of the unique index or constraint that the error violates, if any. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' ? constraint : undefined;
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { DataSource } from 'typeorm';
import pg from 'pg';
import { DomainError } from '#libs/platform/domain-error.js';
import { Places } from '#libs/platform/places.js';
import { type BatchResult, failedStatement, preparedAnew, type Statement } from './batch.js';
import { connect, type DatabaseOptions, dataSourceOptions, send } from './connections.js';
import { Grouping } from './grouping.js';
import { Contended, ReadOnlyDatabase, unavailable } from './unavailable.js';
import { UnitOfWork } from './unit-of-work.js';

/** How long a call waits for a connection. */
const WITHIN_MS = 5_000;
/** None waits for more than so many others. How many batches there are at once, the pool bounds. */
const LOOKUPS = { parallel: Infinity, size: 32 };

/** A statement, and the organization whose rows it sees: none's where that is empty. */
interface ScopedStatement {
  scope: string;
  statement: Statement;
}

/** What a connection is set to: see {@link SESSION}. */
interface Session {
  organizationId: string;
  lockTimeout: string;
}

const SESSION = "SELECT set_config('app.org', $1, false), set_config('lock_timeout', $2, false)";
/** Who waits for a connection where several organizations share one. */
const SHARED = 'shared';
const WAITS_FOR_LOCKS = '0';
/** How long a transaction that several organizations share waits for what others hold. */
const HURRIES = '50ms';

/** Which organization's statement made a shared transaction fail. */
const failedOrganizations = new WeakMap<object, string>();

/** Whose write it was that made a {@link Database.writeTogether} fail; undefined where it was nobody's. */
export function failedOrganization(error: unknown): string | undefined {
  return failedOrganizations.get(error as object);
}

/**
 * The only door to PostgreSQL. Every call is one network round trip and one transaction, see {@link Batch}. Every call
 * names its organization, and row-level security shows it that organization's rows alone; without one (`null`) tenant
 * tables look empty.
 */
export class Database {
  /**
   * What a connection is set to, while that is certain: a batch that fails takes its settings back. Saves the statement
   * when one organization follows upon itself.
   */
  readonly #sessions = new WeakMap<pg.PoolClient, Session>();

  /** What calls belong to that are made in the course of the same work. */
  readonly #unit = new AsyncLocalStorage<UnitOfWork>();

  readonly #lookups = new Grouping<ScopedStatement, BatchResult>(LOOKUPS, (lookups) => this.#sendDistinct(lookups));

  readonly #places: Places;
  /** One is always left to others: a unit can be long. */
  readonly #unitPlaces: Places;

  /** @param units has the connections of units of work: those who hold one for long keep no others waiting */
  protected constructor(
    private readonly dataSource: DataSource,
    private readonly units: pg.Pool,
    sizes: { pool: number; units: number },
  ) {
    this.#places = new Places({ places: sizes.pool, withinMs: WITHIN_MS });
    this.#unitPlaces = new Places({
      places: sizes.units,
      most: Math.max(1, sizes.units - 1),
      withinMs: WITHIN_MS,
      refusal: 'Too many requests with an Idempotency-Key are under way at this moment; send this one again',
    });
  }

  /** Connects, and fails with {@link DomainError} `unavailable` when the server cannot be reached. */
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
    return new this(dataSource, units, { pool: settings.poolSize, units: max });
  }

  /** Rows of one statement, seen by one organization. */
  async query<Row>(organizationId: string | null, statement: Statement): Promise<Row[]> {
    const [result] = await this.transact(organizationId, [statement]);
    return result?.rows as Row[];
  }

  /**
   * The same for a statement that finds few rows by an index. Lookups that are asked for in one turn of the event loop
   * share a round trip: to write to a socket costs more than to find a row. Equal ones share their rows as well.
   */
  async lookup<Row>(organizationId: string, statement: Statement): Promise<Row[]> {
    if (this.unit) return this.query(organizationId, statement);
    const { rows } = await this.#lookups.call(organizationId, { scope: organizationId, statement });
    return rows as Row[];
  }

  /** Runs the statements as one transaction in one round trip. The first that fails undoes and rejects them all. */
  transact(organizationId: string | null, statements: Statement[]): Promise<BatchResult[]> {
    return this.#run(organizationId, statements, true);
  }

  /** The same for what several share that are to wait for nobody: it fails with {@link Contended} when it waits for a lock. */
  transactTogether(statements: Statement[]): Promise<BatchResult[]> {
    const scoped = statements.map((statement) => ({ scope: '', statement }));
    return this.#send(scoped, true, HURRIES);
  }

  /** The same for statements that answer no rows, or none that matter. */
  async write(organizationId: string | null, statements: Statement[]): Promise<void> {
    await this.#run(organizationId, statements, false);
  }

  /**
   * Writes of several organizations as one transaction, each in its own scope. One that waits for a lock of others fails
   * soon, with {@link Contended}: so none keeps the others waiting.
   * @throws see {@link failedOrganization}; nothing has happened then
   */
  async writeTogether(writes: { organizationId: string; statements: Statement[] }[]): Promise<void> {
    const scoped = writes.flatMap(({ organizationId: scope, statements }) =>
      statements.map((statement) => ({ scope, statement })),
    );
    await this.#send(scoped, false, HURRIES);
  }

  /** The unit of work that calls from here are part of, if any. */
  get unit(): UnitOfWork | undefined {
    return this.#unit.getStore();
  }

  /**
   * Makes one transaction of all calls of this database in the course of `work`: two round trips more. When `work` fails,
   * nothing has happened; when the answer to the commit is lost, all of it or nothing.
   * @throws {Contended} when others waited for what it holds, and it for them: it can be done anew
   * @param opening statements that come first; `work` gets their results
   */
  inUnit<T>(
    organizationId: string,
    opening: Statement[],
    work: (unit: UnitOfWork, opened: BatchResult[]) => Promise<T>,
  ): Promise<T> {
    return this.#unitPlaces.with(organizationId, () => this.#inUnit(organizationId, opening, work));
  }

  async #inUnit<T>(
    organizationId: string,
    opening: Statement[],
    work: (unit: UnitOfWork, opened: BatchResult[]) => Promise<T>,
  ): Promise<T> {
    const client = await connect(this.units);
    const unit = new UnitOfWork(organizationId, (statements, wanted) => send(client, statements, wanted));
    try {
      const opened = await unit.begin(opening);
      const result = await this.#unit.run(unit, () => work(unit, opened));
      // What could not be done just now is no answer to keep, even if it is only a part of the work.
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

  /** Keeps work that is for everybody out of the unit that calls from here may be part of. */
  apart<T>(work: () => T): T {
    return this.#unit.exit(work);
  }

  /** Throws {@link DomainError} `unavailable` when the database does not answer, or takes no changes. */
  async ping(): Promise<void> {
    const text = "SELECT current_setting('transaction_read_only') = 'on' AS readonly";
    const [row] = await this.query<{ readonly: boolean }>(null, { text });
    if (row?.readonly) throw new ReadOnlyDatabase();
  }

  async close(): Promise<void> {
    await Promise.all([this.dataSource.destroy(), this.units.end()]);
  }

  /** @throws {DomainError} `unavailable` when the database is closed already */
  get #pool(): pg.Pool {
    const { master } = this.dataSource.driver as unknown as { master?: pg.Pool };
    if (!master) throw unavailable(new Error('The database is closed'));
    return master;
  }

  #run(organizationId: string | null, statements: Statement[], wanted: boolean): Promise<BatchResult[]> {
    const { unit } = this;
    const scope = organizationId ?? '';
    return unit
      ? unit.run(organizationId, statements, wanted ? statements.length : 0)
      : this.#send(
          statements.map((statement) => ({ scope, statement })),
          wanted,
        );
  }

  /** Each distinct statement once, those of an organization after one another. */
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

  /** One batch. A statement that sets the session precedes those that are not under that of the connection already. */
  #send(scoped: ScopedStatement[], wanted: boolean, lockTimeout = WAITS_FOR_LOCKS): Promise<BatchResult[]> {
    const [first] = scoped;
    const isShared = scoped.some(({ scope }) => scope !== first?.scope);
    return this.#places.with(isShared ? SHARED : (first?.scope ?? ''), () => this.#sendIn(scoped, wanted, lockTimeout));
  }

  async #sendIn(scoped: ScopedStatement[], wanted: boolean, lockTimeout: string): Promise<BatchResult[]> {
    const client = await connect(this.#pool);
    let session = this.#sessions.get(client);
    this.#sessions.delete(client);
    const statements: Statement[] = [];
    const places = scoped.map(({ scope, statement }) => {
      if (scope !== session?.organizationId || lockTimeout !== session.lockTimeout)
        statements.push({ text: SESSION, values: [scope, lockTimeout] });
      session = { organizationId: scope, lockTimeout };
      return statements.push(statement) - 1;
    });
    let failure: unknown;
    try {
      const answered = wanted ? statements.length - (places[0] ?? 0) : 0;
      const results = await preparedAnew(() => send(client, statements, answered));
      if (session) this.#sessions.set(client, session);
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

/** The name of the unique index or constraint that the error violates, if that is what it is about. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' ? constraint : undefined;
}

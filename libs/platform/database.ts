import {
  DataSource,
  type EntityManager,
  type EntityTarget,
  type MixedList,
  type QueryResult,
  type QueryRunner,
} from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import pg from 'pg';
import { Batch, type Statement } from './batch.js';
import { DomainError } from './domain-error.js';

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
  /** Tables that {@link Database.reader} can read. */
  entities?: MixedList<EntityTarget<object> & (new () => object)>;
}

const SET_ORGANIZATION = "SELECT set_config('app.org', $1, false)";
const INT8_OID = 20;

/**
 * The only door to PostgreSQL. Every call is one network round trip and one transaction, see {@link Batch}. Every call
 * names its organization, and row-level security shows it that organization's rows alone; without one (`null`) tenant
 * tables look empty.
 */
export class Database {
  /**
   * The organization that a connection is set to, while that is certain: a batch that fails takes its setting back. Saves
   * the statement when one organization follows upon itself.
   */
  readonly #scopes = new WeakMap<pg.PoolClient, string>();

  protected constructor(private readonly dataSource: DataSource) {}

  /** Connects, and fails with {@link DomainError} `unavailable` when the server cannot be reached. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const dataSource = new DataSource(dataSourceOptions(options));
    try {
      await dataSource.initialize();
    } catch (error) {
      throw unavailable(error);
    }
    return new this(dataSource);
  }

  /** Rows of one statement, seen by one organization. */
  async query<Row>(organizationId: string | null, statement: Statement): Promise<Row[]> {
    const [result] = await this.transact(organizationId, [statement]);
    return result?.rows as Row[];
  }

  /** Runs the statements as one transaction in one round trip. The first that fails undoes and rejects them all. */
  transact(organizationId: string | null, statements: Statement[]): Promise<pg.QueryResult[]> {
    return this.#run(organizationId, statements, statements.length);
  }

  /** The same for statements that answer no rows, or none that matter. */
  async write(organizationId: string | null, statements: Statement[]): Promise<void> {
    await this.#run(organizationId, statements, 0);
  }

  /** TypeORM over the same door: each of its queries is one round trip in the organization's scope. For reads only. */
  reader(organizationId: string): EntityManager {
    const runner = this.dataSource.createQueryRunner();
    const query = async (text: string, values?: unknown[], structured?: boolean) => {
      const [result] = await this.transact(organizationId, [{ text, values }]);
      return structured ? { records: result?.rows, raw: result?.rows, affected: result?.rowCount } : result?.rows;
    };
    runner.query = query as QueryRunner['query'] & ((...args: unknown[]) => Promise<QueryResult>);
    return this.dataSource.createEntityManager(runner);
  }

  /** Throws {@link DomainError} `unavailable` when the database does not answer. */
  async ping(): Promise<void> {
    await this.query(null, { text: 'SELECT 1' });
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
  }

  async #run(organizationId: string | null, statements: Statement[], described: number): Promise<pg.QueryResult[]> {
    const scope = organizationId ?? '';
    const client = await this.#connect();
    const scoping = this.#scopes.get(client) === scope ? [] : [{ text: SET_ORGANIZATION, values: [scope] }];
    this.#scopes.delete(client);
    const batch = new Batch([...scoping, ...statements], { getTypeParser }, described);
    let failure: unknown;
    try {
      client.query(batch);
      const results = await batch.results;
      this.#scopes.set(client, scope);
      return results.slice(scoping.length);
    } catch (error) {
      failure = asUnavailable(error);
      throw failure;
    } finally {
      client.release(failure instanceof DomainError);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      const client = await poolOf(this.dataSource).connect();
      survive(client);
      return client;
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** The database as the worker sees it: the same tables, of all organizations. */
export class WorkerDatabase extends Database {}

function poolOf(dataSource: DataSource): pg.Pool {
  return (dataSource.driver as PostgresDriver).master as pg.Pool;
}

/**
 * A connection that breaks tells its client as well as the query that fails, and a client that nobody listens to ends
 * the process. The query's user hears of it, and the pool drops the connection.
 */
function survive(client: pg.ClientBase): void {
  if (client.listenerCount('error') === 0) client.on('error', () => undefined);
}

/** TypeORM's options for this database. */
function dataSourceOptions(options: DatabaseOptions) {
  const session = ['statement_timeout=15s', 'idle_in_transaction_session_timeout=15s', 'timezone=UTC'];
  // What is read is mostly in memory, or on a disk that does not mind where it is.
  session.push('random_page_cost=1.1');
  if (options.role) session.push(`role=${options.role}`);
  return {
    type: 'postgres' as const,
    url: options.url,
    entities: options.entities ?? [],
    poolSize: options.poolSize ?? 10,
    poolErrorHandler: () => undefined,
    extra: {
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      options: session.map((setting) => `-c ${setting}`).join(' '),
    },
  };
}

const standardParser = pg.types.getTypeParser as (oid: number, format?: string) => (value: string) => unknown;

/** 64-bit integers arrive as numbers: positions and counts stay far below 2^53. */
const getTypeParser = (oid: number, format?: string) => (oid === INT8_OID ? Number : standardParser(oid, format));

/** SQLSTATEs that mean "no database just now": connection, resources, operator intervention, a statement that takes too long. */
const UNAVAILABLE_STATES = /^(08|53|57|58|XX000)/;
const UNAVAILABLE_MESSAGES = /terminated|not queryable|timeout exceeded when trying to connect|Connection ended/i;

function asUnavailable(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = (error as { code?: string }).code ?? '';
  const lost = /^E[A-Z]+$/.test(code) || UNAVAILABLE_STATES.test(code) || UNAVAILABLE_MESSAGES.test(error.message);
  return lost ? unavailable(error) : error;
}

function unavailable(error: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'The database cannot be reached just now',
    { retryAfterSeconds: 5 },
    { cause: error },
  );
}

/** The name of the unique index or constraint that the error violates, if that is what it is about. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' ? constraint : undefined;
}

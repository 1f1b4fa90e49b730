import { type DataSource } from 'typeorm';
import type pg from 'pg';
import { DomainError } from '#libs/platform/domain-error.js';
import { Places } from '#libs/platform/places.js';
import { type BatchResult, failedStatement, preparedAnew, type Statement } from './batch.js';
import { connect, type DatabaseOptions, openingOf, send, WITHIN_MS } from './connections.js';
import { type OutageWatch } from './outage-watch.js';
import { loadOf, type PoolLoad } from './pool-load.js';
import { Contended, refusal } from './unavailable.js';

/** A statement, and the organization whose rows it sees; none if empty. */
export interface ScopedStatement {
  scope: string;
  statement: Statement;
}

/** The settings that differ between batches. */
interface Session {
  organizationId: string;
  lockTimeout: string;
}

/** Key under which a batch of several organizations waits for a connection. */
const SHARED = 'shared';
const WAITS_FOR_LOCKS = '0';
/** Maximum lock wait of a transaction that several callers share. */
export const HURRIES = '50ms';

/** The organization whose statement made a shared transaction fail, by error. */
const failedOrganizations = new WeakMap<object, string>();

/** Returns the organization whose write made {@link Database.writeTogether} fail; undefined if none did. */
export function failedOrganization(error: unknown): string | undefined {
  return failedOrganizations.get(error as object);
}

/** The connections for single batches, each in the session of its organization. */
export class BatchPool {
  /**
   * The settings of each connection, while they are known: a failed batch reverts them. Saves the statement that sets
   * them when consecutive batches belong to one organization.
   */
  readonly #sessions = new WeakMap<pg.PoolClient, Session>();
  /** Begins each transaction. */
  readonly #opening: Statement[];
  /** Sets a {@link Session}: for good, or through a pooler for the transaction. */
  readonly #set: string;
  readonly #places: Places;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: DatabaseOptions,
    private readonly watch: OutageWatch,
  ) {
    const isLocal = options.pooled === true;
    this.#opening = openingOf(options);
    this.#set = `SELECT set_config('app.org', $1, ${isLocal}), set_config('lock_timeout', $2, ${isLocal})`;
    this.#places = new Places({ places: this.#open.options.max, withinMs: WITHIN_MS });
  }

  /** Sends one batch. Statements set the session wherever it differs from that of the connection. */
  send(scoped: ScopedStatement[], wanted: boolean, lockTimeout = WAITS_FOR_LOCKS): Promise<BatchResult[]> {
    const [first] = scoped;
    const isShared = scoped.some(({ scope }) => scope !== first?.scope);
    return this.#places.with(isShared ? SHARED : (first?.scope ?? ''), () =>
      this.watch.over(this.#send(scoped, wanted, lockTimeout)),
    );
  }

  /** Sends each distinct statement once, grouped by organization. Returns the results in the order of the lookups. */
  async sendDistinct(lookups: ScopedStatement[]): Promise<BatchResult[]> {
    const keys = lookups.map(({ scope, statement: { text, values } }) => JSON.stringify([scope, text, values]));
    const distinct = new Map(keys.map((key, index) => [key, lookups[index] as ScopedStatement]));
    const ordered = [...distinct].sort(([one], [other]) => (one < other ? -1 : 1));
    const results = await this.send(
      ordered.map(([, lookup]) => lookup),
      true,
    );
    const answers = new Map(ordered.map(([key], index) => [key, results[index] as BatchResult]));
    return keys.map((key) => answers.get(key) as BatchResult);
  }

  /** Undefined when the database is closed. */
  get load(): PoolLoad | undefined {
    return this.#pool && loadOf('', this.#pool, this.#places);
  }

  /** Undefined when the database is closed. */
  get #pool(): pg.Pool | undefined {
    return (this.dataSource.driver as unknown as { master?: pg.Pool }).master;
  }

  /** @throws {DomainError} `unavailable` when the database is closed already */
  get #open(): pg.Pool {
    if (!this.#pool) throw refusal(new Error('The database is closed'));
    return this.#pool;
  }

  async #send(scoped: ScopedStatement[], wanted: boolean, lockTimeout: string): Promise<BatchResult[]> {
    const client = await connect(this.#open);
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

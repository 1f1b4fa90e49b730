import type pg from 'pg';
import { prepareValue } from 'pg/lib/utils.js';

/** An SQL statement; `$1`… take the values. */
export interface Statement {
  text: string;
  values?: unknown[];
  /** Replans the statement on each execution, because its values decide which index is best. */
  replanned?: boolean;
  /** Does the same for many at once: `$1` takes a JSON array of all their records, each of which is JSON text. */
  many?: { text: string; records: () => string[] };
}

/** The part of pg's connection that speaks the extended query protocol. */
interface Wire {
  stream: { cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: unknown[]; valueMapper: (value: unknown) => unknown }): void;
  describe(message: { type: 'P'; name: '' }): void;
  execute(message: { portal: '' }): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
}

/** A column of a statement's result, with the parser of its text. */
interface Column {
  name: string;
  parse: (text: string) => unknown;
}

/**
 * Where statements stay prepared: in the connection's own `session`; by the `pooler`, which prepares them in any of the
 * sessions that it hands out; or `nowhere`.
 */
export type Preparing = 'session' | 'pooler' | 'nowhere';

/**
 * The facts that a connection knows about a statement. After a failed batch, the server may or may not have it
 * prepared. A pooler keeps offering one whose table has changed, under whatever name.
 */
interface Preparation {
  state: 'prepared' | 'unknown' | 'unusable';
  /** Set once the server has described them. They stay the same while its session has the statement prepared. */
  columns?: Column[];
}

/** The result of one statement of a batch. */
export interface BatchResult {
  /** Also empty if they are not wanted. */
  rows: unknown[];
}

/** Maximum number of statements that a connection keeps prepared; others are parsed each time. */
const MAX_PREPARED = 500;
const UNNAMED = '';
/** SQLSTATEs feature_not_supported ("cached plan must not change result type"), invalid_sql_statement_name. */
const STALE_STATES = new Set(['0A000', '26000']);

const names = new Map<string, string>();
const preparations = new WeakMap<Wire, Map<string, Preparation>>();
/** The index of the failed statement, by error. */
const failures = new WeakMap<object, number>();

/**
 * Sends statements together with a single Sync: one round trip and one implicit transaction, without a BEGIN or COMMIT
 * to wait for. Each statement is prepared, and its columns are described, once per connection.
 * A query object of pg: `client.query(batch)`.
 */
export class Batch implements pg.Submittable {
  readonly results: Promise<BatchResult[]>;
  readonly #results: BatchResult[] = [];
  readonly #parsed: string[] = [];
  #settle: { resolve: (results: BatchResult[]) => void; reject: (error: Error) => void };
  #known: Map<string, Preparation>;
  #rows: object[] = [];
  /** Columns of the statement whose result is arriving; undefined if unwanted or not described. */
  #columns: Column[] | undefined;

  /** @param wanted number of statements, from the end, whose rows are wanted; describing costs a message each way */
  constructor(
    private readonly statements: Statement[],
    private readonly types: pg.CustomTypesConfig,
    private readonly wanted = statements.length,
    private readonly preparing: Preparing = 'session',
  ) {
    this.results = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    this.#known = preparations.get(wire) ?? new Map<string, Preparation>();
    preparations.set(wire, this.#known);
    wire.stream.cork();
    for (const [index, { text, values = [] }] of this.statements.entries()) {
      const statement = this.#nameAt(index);
      this.#prepare(wire, statement, text);
      wire.bind({ statement, values, valueMapper: prepareValue });
      if (this.#isWanted(index) && !this.#known.get(statement)?.columns) wire.describe({ type: 'P', name: '' });
      wire.execute({ portal: '' });
    }
    wire.sync();
    wire.stream.uncork();
    this.#expectNext();
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    const parserOf = this.types.getTypeParser as (oid: number) => Column['parse'];
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }));
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    if (!this.#columns) return;
    const row: Record<string, unknown> = {};
    for (const [index, { name, parse }] of this.#columns.entries()) {
      const text = fields[index] as string | null;
      row[name] = text === null ? null : parse(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete(): void {
    const index = this.#results.push({ rows: this.#rows }) - 1;
    const known = this.#known.get(this.#nameAt(index));
    if (known && this.#isWanted(index) && this.preparing === 'session') known.columns = this.#columns ?? [];
    this.#expectNext();
  }

  handleReadyForQuery(): void {
    for (const name of this.#parsed) (this.#known.get(name) as Preparation).state = 'prepared';
    this.#settle.resolve(this.#results);
  }

  handleError(error: Error): void {
    if (this.#results.length < this.statements.length) failures.set(error, this.#results.length);
    // A table has changed: the statements that the server has prepared are unusable.
    if (isStale(error)) {
      const state = this.preparing === 'pooler' ? 'unusable' : 'unknown';
      const names = this.statements.map((_, index) => this.#nameAt(index));
      for (const name of names) if (name !== UNNAMED) this.#known.set(name, { state });
    }
    this.#settle.reject(error);
  }

  /** Prepares once per connection. Closes first what a failed batch may have left; closing nothing is harmless. */
  #prepare(wire: Wire, name: string, text: string): void {
    if (name !== UNNAMED) {
      const known = this.#known.get(name);
      if (known?.state === 'prepared' || this.#parsed.includes(name)) return;
      if (known) wire.close({ type: 'S', name });
      this.#known.set(name, { state: 'unknown' });
      this.#parsed.push(name);
    }
    wire.parse({ name, text });
  }

  #isWanted(index: number): boolean {
    return index >= this.statements.length - this.wanted;
  }

  #nameAt(index: number): string {
    const { text = '', replanned } = this.statements[index] ?? {};
    if (replanned || this.preparing === 'nowhere') return UNNAMED;
    const name = nameOf(text);
    return this.#known.get(name)?.state === 'unusable' ? UNNAMED : name;
  }

  #expectNext(): void {
    const index = this.#results.length;
    this.#rows = [];
    this.#columns = this.#isWanted(index) ? this.#known.get(this.#nameAt(index))?.columns : undefined;
  }
}

/** Returns the index of the statement that made a batch fail; undefined if none did, as in a failed commit. */
export function failedStatement(error: unknown): number | undefined {
  const { cause } = (error ?? {}) as { cause?: unknown };
  return failures.get(error as object) ?? failures.get(cause as object);
}

/**
 * Runs a batch that is rolled back as a whole when it fails. If a table had changed under its statements, runs it
 * again, which prepares them again.
 */
export async function preparedAnew<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!isStale(error)) throw error;
    return run();
  }
}

function isStale(error: unknown): boolean {
  return STALE_STATES.has((error as { code?: string }).code ?? '');
}

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = names.size < MAX_PREPARED ? `s${names.size}` : UNNAMED;
  if (name !== UNNAMED) names.set(text, name);
  return name;
}

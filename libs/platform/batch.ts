import pg from 'pg';
import { prepareValue } from 'pg/lib/utils.js';

/** One SQL statement; `$1`… take the values. */
export interface Statement {
  text: string;
  values?: unknown[];
  /** Planned anew for its values each time, not once a connection: where they decide which index to take. */
  replanned?: boolean;
  /** How one statement does it for many: `$1` takes a JSON array of all their records, each of which is JSON, too. */
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

/** What a connection has been told of a statement; a failed batch leaves it open whether the server has it. */
type Preparation = 'prepared' | 'unknown';

/** Distinct statements that a connection keeps prepared; those beyond are parsed each time. */
const MAX_PREPARED = 500;
const UNNAMED = '';
/** feature_not_supported ("cached plan must not change result type"), invalid_sql_statement_name */
const STALE_STATES = new Set(['0A000', '26000']);

const names = new Map<string, string>();
const preparations = new WeakMap<Wire, Map<string, Preparation>>();

/**
 * Statements that are sent together and end with a single Sync: one round trip and, as PostgreSQL has it, one
 * transaction, without a BEGIN or COMMIT to wait for. Each statement is prepared once a connection.
 * A query object of pg: `client.query(batch)`.
 */
export class Batch implements pg.Submittable {
  readonly results: Promise<pg.QueryResult[]>;
  readonly #results: pg.QueryResult[] = [];
  readonly #parsed: string[] = [];
  #settle: { resolve: (results: pg.QueryResult[]) => void; reject: (error: Error) => void };
  #known: Map<string, Preparation>;

  /** @param described how many of the last statements answer rows that are wanted; asking costs a message each way */
  constructor(
    private readonly statements: Statement[],
    private readonly types: pg.CustomTypesConfig,
    private readonly described = statements.length,
  ) {
    this.results = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#expectNext();
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    this.#known = preparations.get(wire) ?? new Map<string, Preparation>();
    preparations.set(wire, this.#known);
    wire.stream.cork();
    for (const [index, { text, values = [], replanned }] of this.statements.entries()) {
      const statement = replanned ? UNNAMED : nameOf(text);
      this.#prepare(wire, statement, text);
      wire.bind({ statement, values, valueMapper: prepareValue });
      if (index >= this.statements.length - this.described) wire.describe({ type: 'P', name: '' });
      wire.execute({ portal: '' });
    }
    wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription(message: { fields: pg.FieldDef[] }): void {
    this.#current.addFields(message.fields);
  }

  handleDataRow(message: { fields: unknown[] }): void {
    if (this.#current.fields.length > 0) this.#current.addRow(this.#current.parseRow(message.fields));
  }

  handleCommandComplete(message: object): void {
    this.#current.addCommandComplete(message);
    this.#expectNext();
  }

  handleReadyForQuery(): void {
    for (const name of this.#parsed) this.#known.set(name, 'prepared');
    this.#settle.resolve(this.#results.slice(0, this.statements.length));
  }

  handleError(error: Error): void {
    // A table has changed since: what the server has prepared is of no use any more.
    if (STALE_STATES.has((error as { code?: string }).code ?? '')) {
      for (const { text, replanned } of this.statements) if (!replanned) this.#known.set(nameOf(text), 'unknown');
    }
    this.#settle.reject(error);
  }

  /** Once for each connection. What a failed batch may have left is closed first, which is harmless when there is none. */
  #prepare(wire: Wire, name: string, text: string): void {
    if (name !== UNNAMED) {
      const known = this.#known.get(name);
      if (known === 'prepared' || this.#parsed.includes(name)) return;
      if (known === 'unknown') wire.close({ type: 'S', name });
      this.#known.set(name, 'unknown');
      this.#parsed.push(name);
    }
    wire.parse({ name, text });
  }

  get #current(): RowBuilder {
    return this.#results.at(-1) as unknown as RowBuilder;
  }

  #expectNext(): void {
    this.#results.push(
      new (pg.Result as unknown as new (mode: '', types: pg.CustomTypesConfig) => pg.QueryResult)('', this.types),
    );
  }
}

/** pg's result while it is being filled. */
interface RowBuilder {
  fields: pg.FieldDef[];
  addFields(fields: pg.FieldDef[]): void;
  parseRow(fields: unknown[]): unknown;
  addRow(row: unknown): void;
  addCommandComplete(message: object): void;
}

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = names.size < MAX_PREPARED ? `s${names.size}` : UNNAMED;
  if (name !== UNNAMED) names.set(text, name);
  return name;
}

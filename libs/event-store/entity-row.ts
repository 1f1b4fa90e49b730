import pg from 'pg';
import { type Statement } from '#libs/database/batch.js';
import { forgettingTwins } from '#libs/database/twins.js';
import { type Loaded } from './loaded.js';

/** Facts of a row besides the state. */
export interface RowFacts {
  organizationId: string;
  /** When the last event was recorded. */
  recordedAt: Date;
}

/** A column of an entity's row, made from the entity's state. */
export interface Column<Entity> {
  of: (entity: Entity, row: RowFacts) => unknown;
  /** Returns SQL for the value, if it is not simply the parameter. */
  sql?: (value: string, organization: string, id: string) => string;
  /** Whether the value never changes: updates leave it alone. */
  constant?: boolean;
}

/**
 * The read table of an entity: a row holds its stream's version, its state after the last event, and the columns that
 * are searched, sorted by or unique. The row is deleted with the entity.
 */
export interface EntityRow<Entity> {
  table: string;
  /** Type of the ids; `uuid` unless given. */
  idType?: 'bigint';
  /** Returns the entity as the API shows it; stored as text that is ready to send. */
  shown: (entity: Entity, row: RowFacts) => object;
  columns: Record<string, Column<Entity>>;
  /** Whether the record of its twins is deleted with the row: see {@link forgettingTwins}. */
  hasTwins?: boolean;
  /** Returns whether the entity has a row; otherwise only its events are found. True unless given. */
  isPresent?: (entity: Entity) => boolean;
}

/** A row as it is read for a change. */
export interface StoredRow {
  id: string | number;
  version: number;
  shape: number;
  document: unknown;
  recorded_at: Date;
  sealed_key?: string | null;
}

/** The columns that every entity's table has: {@link EntityRow}. */
const COMMON = ['organization_id', 'id', 'version', 'shape', 'recorded_at', 'document', 'shown'];

/** The key of an entity's row. */
export interface RowKey {
  organizationId: string;
  id: string;
}

/** Statements on an entity's read table; their texts are built once. */
export class RowStatements<Entity> {
  readonly #insert: string;
  readonly #update: string;
  readonly #insertMany: string;
  readonly #updateMany: string;
  readonly #staleness: string;
  readonly #stalenessOfMany: string;
  readonly #delete: string;
  readonly #load: string;

  /**
   * @param shape see {@link StreamDefinition.shape}
   * @param keyed the category of the streams, if they have keys of their own
   */
  constructor(
    private readonly row: EntityRow<Entity>,
    private readonly shape: number,
    keyed: string | undefined,
  ) {
    const table = pg.escapeIdentifier(row.table);
    const names = [...COMMON, ...Object.keys(row.columns)];
    const values = names.map((name, index) => row.columns[name]?.sql?.(`$${index + 1}`, '$1', '$2') ?? `$${index + 1}`);
    this.#insert = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`;
    const changing = this.#changing();
    const assignments = changing.map((name, index) => {
      const value = `$${index + 3}`;
      return `${name} = ${row.columns[name]?.sql?.(value, '$1', '$2') ?? value}`;
    });
    this.#update = `UPDATE ${table} SET ${assignments.join(', ')} WHERE organization_id = $1 AND id = $2`;
    const records = `json_populate_recordset(NULL::${table}, $1) AS n`;
    const valueOf = (name: string) => row.columns[name]?.sql?.(`n.${name}`, 'n.organization_id', 'n.id') ?? `n.${name}`;
    this.#insertMany = `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.map(valueOf).join(', ')} FROM ${records}`;
    this.#updateMany = `UPDATE ${table} t SET ${changing.map((name) => `${name} = ${valueOf(name)}`).join(', ')}
      FROM ${records} WHERE t.organization_id = n.organization_id AND t.id = n.id`;
    this.#staleness = `SELECT guard(EXISTS (SELECT FROM ${table}
      WHERE organization_id = $1 AND id = $2 AND shape < ${shape} AND version <= $3 FOR UPDATE))`;
    this.#stalenessOfMany = `SELECT guard(json_array_length($1) = (SELECT count(*) FROM (SELECT FROM ${table} t JOIN ${records}
      USING (organization_id, id) WHERE t.shape < ${shape} AND t.version <= n.version FOR UPDATE OF t) AS stale))`;
    this.#delete = `DELETE FROM ${table} WHERE organization_id = $1 AND id = $2`;
    const key = keyed === undefined ? 'NULL' : sealedKeyOf(keyed);
    this.#load = `SELECT id, version, shape, document, recorded_at, ${key} AS sealed_key FROM ${table} r
      WHERE organization_id = $1 AND id = ANY($2)`;
  }

  /** Returns a statement that selects the {@link StoredRow}s of entities. */
  load(organizationId: string, ids: string[]): Statement {
    return { text: this.#load, values: [organizationId, ids] };
  }

  /** Returns the statements that change the row from the state before to the state after; none if neither exists. */
  change(key: RowKey, before: Loaded<Entity | undefined>, after: Loaded<Entity | undefined>): Statement[] {
    const [was, is] = [this.#present(before.state), this.#present(after.state)];
    const identity = [key.organizationId, key.id];
    if (is === undefined) return was === undefined ? [] : [this.#removal(identity)];
    const isNew = was === undefined;
    const facts = { organizationId: key.organizationId, recordedAt: after.recordedAt as Date };
    const common = [
      after.version,
      this.shape,
      facts.recordedAt,
      JSON.stringify(is),
      JSON.stringify(this.row.shown(is, facts)),
    ];
    const names = isNew ? Object.keys(this.row.columns) : this.#changing().slice(common.length);
    const columns = names.map((name) => this.row.columns[name]?.of(is, facts));
    const values = [...identity, ...common, ...columns];
    const record = () =>
      `{${[...COMMON, ...names].map((name, index) => `"${name}":${jsonOf(name, values[index])}`).join(',')}}`;
    return [
      {
        text: isNew ? this.#insert : this.#update,
        values,
        many: { text: isNew ? this.#insertMany : this.#updateMany, records: () => [record()] },
      },
    ];
  }

  /** Returns a guard: the row is stale, and nobody has changed it beyond this version. Others wait for the commit. */
  isStale({ organizationId, id }: RowKey, version: number): Statement {
    const record = () => JSON.stringify({ organization_id: organizationId, id, version });
    const many = { text: this.#stalenessOfMany, records: () => [record()] };
    return { text: this.#staleness, values: [organizationId, id, version], many };
  }

  #removal(identity: string[]): Statement {
    const removal = { text: this.#delete, values: identity };
    return this.row.hasTwins ? forgettingTwins(removal) : removal;
  }

  #present(entity: Entity | undefined): Entity | undefined {
    return entity !== undefined && (this.row.isPresent?.(entity) ?? true) ? entity : undefined;
  }

  #changing(): string[] {
    return [
      ...COMMON.slice(2),
      ...Object.entries(this.row.columns).flatMap(([name, { constant }]) => (constant ? [] : name)),
    ];
  }
}

/** Returns a value of a record as JSON: the state is JSON already. */
function jsonOf(name: string, value: unknown): string {
  return name === 'document' ? (value as string) : JSON.stringify(value ?? null);
}

function sealedKeyOf(category: string): string {
  return `(SELECT sealed_key FROM stream_keys k WHERE k.organization_id = r.organization_id
    AND k.stream = ${pg.escapeLiteral(`${category}-`)} || r.id)`;
}

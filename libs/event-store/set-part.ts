import { type RowKey } from './entity-row.js';
import { type Part } from './stream-definition.js';

interface SetOptions<State, Source> {
  table: string;
  owner: string;
  /** The columns besides `organization_id` and the owner, with their types. */
  columns: Record<string, 'text' | 'uuid'>;
  /** Returns the value that the rows follow from. While it is the same object, the rows do not change. */
  source: (state: State) => Source | undefined;
  /** Returns the values of the columns, distinct row by row. */
  rows: (source: Source) => string[][];
}

/** Returns a part whose rows are a set: they are inserted and deleted, but never changed. */
export function setPart<State, Source>({ table, owner, columns, ...rules }: SetOptions<State, Source>) {
  const names = Object.keys(columns);
  const given = `unnest(${Object.values(columns)
    .map((type, index) => `$${index + 3}::${type}[]`)
    .join(', ')})`;
  const deletion = `DELETE FROM ${table} WHERE organization_id = $1 AND ${owner} = $2
    AND (${names.join(', ')}) IN (SELECT * FROM ${given})`;
  const insertion = `INSERT INTO ${table} (organization_id, ${owner}, ${names.join(', ')})
    SELECT $1, $2, * FROM ${given}`;
  const statement = (text: string, { organizationId, id }: RowKey, rows: string[][]) =>
    rows.length === 0
      ? []
      : [{ text, values: [organizationId, id, ...names.map((_, index) => rows.map((row) => row[index]))] }];
  const rowsOf = (source: Source | undefined) => (source === undefined ? [] : rules.rows(source));
  const part: Part<State> = {
    table,
    owner,
    change: (key, before, after) => {
      const [was, is] = [rules.source(before), rules.source(after)];
      if (was === is) return [];
      const [gone, added] = [without(rowsOf(was), rowsOf(is)), without(rowsOf(is), rowsOf(was))];
      return [...statement(deletion, key, gone), ...statement(insertion, key, added)];
    },
  };
  return part;
}

/** Returns the rows that are not among others. */
function without(rows: string[][], others: string[][]): string[][] {
  const known = new Set(others.map((row) => JSON.stringify(row)));
  return rows.filter((row) => !known.has(JSON.stringify(row)));
}

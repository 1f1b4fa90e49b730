import { type Statement } from '#libs/database/batch.js';
import { type RowKey, RowStatements } from './entity-row.js';
import { type DomainEvent, type RecordedEvent, type RecordedOf } from './event.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition, type Part } from './stream-definition.js';

const statements = new WeakMap<AnyStreamDefinition, RowStatements<unknown>>();

/** Returns the statements on the table with the states of a kind of stream, if it has one. */
export function rowStatementsOf(definition: AnyStreamDefinition): RowStatements<unknown> | undefined {
  if (!definition.row) return undefined;
  const known = statements.get(definition);
  if (known) return known;
  const made = new RowStatements<unknown>(definition.row, definition.shape, definition.personal && definition.category);
  statements.set(definition, made);
  return made;
}

/** Selects the changes that {@link changesOfTables} returns. */
interface ChangeOptions {
  /** The only table to change; all unless given. */
  table?: string;
  /** Rebuilds all rows of parts, because the state before does not show which rows exist. */
  rebuildsParts?: boolean;
}

/**
 * Returns the statements on read tables, or on one of them, for events of one stream.
 * @param before the stream before the events, and `after` them
 */
export function changesOfTables(
  definition: AnyStreamDefinition,
  events: RecordedEvent[],
  before: Loaded<unknown>,
  after: Loaded<unknown>,
  { table, rebuildsParts }: ChangeOptions = {},
): Statement[] {
  const [first] = events;
  if (!first) return [];
  const key = { organizationId: first.organizationId, id: first.stream.slice(definition.category.length + 1) };
  const { row, parts = [], projections = [] } = definition;
  const isWanted = (one: string) => table === undefined || one === table;
  return [
    ...(row && isWanted(row.table) ? (rowStatementsOf(definition)?.change(key, before, after) ?? []) : []),
    ...parts.flatMap((part) =>
      isWanted(part.table) ? changesOfPart(definition, part, key, before, after, rebuildsParts) : [],
    ),
    ...projections.flatMap((projection) =>
      isWanted(projection.table) ? events.flatMap((event) => projection.apply(event as RecordedOf<DomainEvent>)) : [],
    ),
  ];
}

/**
 * Returns the statements that rebuild a stale row and its parts. @returns nothing for an entity without a row; the
 * first statement is a guard, which fails if another writer was first
 */
export function renewalOf(definition: AnyStreamDefinition, key: RowKey, loaded: Loaded<unknown>): Statement[] {
  const { parts = [] } = definition;
  const stale = { ...loaded, isStale: true };
  const row = rowStatementsOf(definition);
  const renewed = row?.change(key, stale, stale) ?? [];
  if (!row || renewed.length === 0) return [];
  return [
    row.isStale(key, loaded.version),
    ...renewed,
    ...parts.flatMap((part) => changesOfPart(definition, part, key, stale, stale)),
  ];
}

function changesOfPart(
  { initialState }: AnyStreamDefinition,
  { table, owner, isStable, change }: Part<unknown>,
  key: RowKey,
  before: Loaded<unknown>,
  after: Loaded<unknown>,
  rebuildsParts = before.isStale && !isStable,
): Statement[] {
  if (!rebuildsParts) return change(key, before.state, after.state);
  const text = `DELETE FROM ${table} WHERE organization_id = $1 AND ${owner} = $2`;
  return [{ text, values: [key.organizationId, key.id] }, ...change(key, initialState, after.state)];
}

import { type Parameter } from '#libs/database/search.js';
import { type Part } from '#libs/event-store/stream-definition.js';
import { setPart } from '#libs/event-store/set-part.js';
import { type AttributeValues } from './custom-attribute.rules.js';

/** Maximum length of a value by which entities can be found, in code points: the size of index entries is limited. */
export const MAX_SEARCHED_VALUE = 255;

/** A value of a custom attribute, or an option on its path. */
export interface SearchedAttribute {
  id: string;
  value: string;
}

/** A read table of the values by which entities are found. */
interface ValuesTable {
  table: string;
  /** The column with the entity's id. */
  owner: string;
}

/**
 * Returns the part that writes the table: in NFC, which earlier versions did not ensure. Each option on the path of a
 * Select is a value.
 */
export function attributePart<State extends { customAttributes: AttributeValues }>(
  values: ValuesTable,
): Part<State | undefined> {
  return setPart({
    ...values,
    columns: { attribute_id: 'uuid', value: 'text' },
    source: (state: State | undefined) => state?.customAttributes,
    rows: searchedRows,
  });
}

function searchedRows(values: AttributeValues): string[][] {
  return Object.entries(values).flatMap(([attributeId, value]) =>
    [...new Set([value].flat().map((text) => text.normalize('NFC')))]
      .filter((text) => Array.from(text).length <= MAX_SEARCHED_VALUE)
      .map((text) => [attributeId, text]),
  );
}

/** Returns the condition that an entity's `id` has the attribute. @param further conditions on the table */
export function hasAttribute(
  { table, owner }: ValuesTable,
  { id, value }: SearchedAttribute,
  parameter: Parameter,
  further: string[] = [],
): string {
  const conditions = [`attribute_id = ${parameter(id)}`, `value = ${parameter(value)}`, ...further];
  return `id IN (SELECT ${owner} FROM ${table} WHERE organization_id = $1 AND ${conditions.join(' AND ')})`;
}

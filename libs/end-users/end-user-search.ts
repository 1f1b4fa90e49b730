import { type Statement } from '#libs/database/batch.js';
import { isoOfMs, type KeyColumn, Keyset, msOf } from '#libs/database/keyset.js';
import { type ListedRow } from '#libs/event-store/entity-reader.js';
import { nameKey } from '#libs/platform/text.js';
import { type AddressKind } from './addresses.published.js';

/** The filters of a search for end users, all of which must hold. Instants are in ISO 8601. */
export interface EndUserSearch {
  address?: [kind: AddressKind, key: string];
  /** The beginning of the display name, in any case. */
  namePrefix?: string;
  /** A value of a custom attribute, or an option on its path. */
  attribute?: { id: string; value: string };
  createdSince?: string;
  /** The end of the period, which is exclusive. */
  createdUntil?: string;
  updatedSince?: string;
}

/** A row with its sort keys. Only the columns of the list's order are present besides the id. */
interface SortedRow extends ListedRow {
  updated_ms: string;
  search_name: string;
}

const ID = { name: 'id', type: 'uuid', of: ({ id }: SortedRow) => id } as const;
const UPDATED = { name: 'updated_at', type: 'timestamptz', of: (row: SortedRow) => isoOfMs(row.updated_ms) } as const;
const NAME = { name: 'search_name', type: 'text', of: (row: SortedRow) => row.search_name } as const;

/** Returns the keyset of an order, and the columns that it needs of each row. */
const order = (direction: 'ASC' | 'DESC', keys: KeyColumn<SortedRow>[], columns: string[] = []) => ({
  keyset: new Keyset<SortedRow>([...keys, ID], direction),
  columns,
});
const byUpdate = (direction: 'ASC' | 'DESC') => order(direction, [UPDATED], [`${msOf('updated_at')} AS updated_ms`]);
const byName = (direction: 'ASC' | 'DESC') => order(direction, [NAME], ['search_name']);

/** The orders of lists. An end user's id begins with the time of its creation. */
export const ORDERS = {
  createdAt: order('ASC', []),
  '-createdAt': order('DESC', []),
  updatedAt: byUpdate('ASC'),
  '-updatedAt': byUpdate('DESC'),
  name: byName('ASC'),
  '-name': byName('DESC'),
};
export type EndUserOrder = keyof typeof ORDERS;

/** Returns the search as a query, for a {@link Keyset} of {@link ORDERS}. */
export function endUsersWhere(organizationId: string, columns: string, search: EndUserSearch): Statement {
  const values: unknown[] = [organizationId];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const conditions = conditionsOf(search, parameter);
  return {
    text: `SELECT ${columns} FROM end_users WHERE ${['organization_id = $1', ...conditions].join(' AND ')}`,
    values,
    // The number of matches decides whether a plan should start with them or with the order.
    replanned: conditions.length > 0,
  };
}

/**
 * Under row-level security, only leakproof operators may use an index: `<` is leakproof, the operators for prefixes are
 * not.
 */
function conditionsOf(search: EndUserSearch, parameter: (value: unknown) => string): string[] {
  const { address, namePrefix, attribute, createdSince, createdUntil, updatedSince } = search;
  const conditions: string[] = [];
  if (createdSince !== undefined) conditions.push(`created_at >= ${parameter(createdSince)}`);
  if (createdUntil !== undefined) conditions.push(`created_at < ${parameter(createdUntil)}`);
  const ids = idsOf(search, parameter);
  conditions.push(...ids.map((range) => `id ${range}`));
  if (address) {
    conditions.push(`id IN (SELECT end_user_id FROM end_user_addresses
      WHERE organization_id = $1 AND kind = ${parameter(address[0])} AND value = ${parameter(address[1])})`);
  }
  if (namePrefix !== undefined) {
    const prefix = parameter(nameKey(namePrefix));
    conditions.push(`search_name >= ${prefix}`, `search_name < ${prefix} || chr(${LAST_CHARACTER})`);
  }
  if (attribute) {
    const within = ids.map((range) => ` AND end_user_id ${range}`).join('');
    conditions.push(`id IN (SELECT end_user_id FROM end_user_attributes WHERE organization_id = $1
      AND attribute_id = ${parameter(attribute.id)} AND value = ${parameter(attribute.value)}${within})`);
  }
  if (updatedSince !== undefined) conditions.push(`updated_at >= ${parameter(updatedSince)}`);
  return conditions;
}

/** The last code point of Unicode. No name with a given prefix sorts after the prefix followed by it. */
const LAST_CHARACTER = 0x10ffff;

/** Returns the ranges of ids of end users that were created within a period. */
function idsOf({ createdSince, createdUntil }: EndUserSearch, parameter: (value: unknown) => string): string[] {
  return [
    ...(createdSince === undefined ? [] : [`>= ${parameter(idNear(createdSince, -SLACK_MS))}`]),
    ...(createdUntil === undefined ? [] : [`< ${parameter(idNear(createdUntil, SLACK_MS))}`]),
  ];
}

/**
 * Allowed difference between the time in an end user's id and its `createdAt`: the clock may be set between the two.
 */
const SLACK_MS = 60_000;

/** Returns the smallest UUIDv7 of an instant plus an offset. Ranges of ids replace an index on the time of creation. */
function idNear(instant: string, offsetMs: number): string {
  const time = Math.max(0, Date.parse(instant) + offsetMs);
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

import { hasAttribute, type SearchedAttribute } from '#libs/custom-attributes/searched-values.published.js';
import { type Statement } from '#libs/database/batch.js';
import { instantKey, Keyset } from '#libs/database/keyset.js';
import { type Parameter, searchOf } from '#libs/database/search.js';
import { type ListedRow } from '#libs/event-store/entity-reader.js';
import { nameKey } from '#libs/platform/text.js';
import { type AddressKind } from './addresses.published.js';
import { VALUES } from './end-user-attributes.projection.js';
import { LAST_CHARACTER } from './found-end-users.published.js';

/** The filters of a search for end users, all of which must hold. Instants are in ISO 8601. */
export interface EndUserSearch {
  address?: [kind: AddressKind, key: string];
  /** The beginning of the display name, in any case. */
  namePrefix?: string;
  attribute?: SearchedAttribute;
  createdSince?: string;
  /** The end of the period, which is exclusive. */
  createdUntil?: string;
  updatedSince?: string;
}

/** A row with its sort keys. Only those of the list's order are present besides the id. */
interface SortedRow extends ListedRow {
  updated_at_ms: string;
  search_name: string;
}

const ID = { name: 'id', type: 'uuid', of: ({ id }: SortedRow) => id } as const;
const UPDATED = instantKey('updated_at');
const NAME = {
  name: 'search_name',
  type: 'text',
  select: 'search_name',
  of: (row: SortedRow) => row.search_name,
} as const;

/** The orders of lists. An end user's id begins with the time of its creation. */
export const ORDERS = {
  createdAt: new Keyset<SortedRow>([ID], 'ASC'),
  '-createdAt': new Keyset<SortedRow>([ID], 'DESC'),
  updatedAt: new Keyset<SortedRow>([UPDATED, ID], 'ASC'),
  '-updatedAt': new Keyset<SortedRow>([UPDATED, ID], 'DESC'),
  name: new Keyset<SortedRow>([NAME, ID], 'ASC'),
  '-name': new Keyset<SortedRow>([NAME, ID], 'DESC'),
};
export type EndUserOrder = keyof typeof ORDERS;

/** Returns the search as a query, for a {@link Keyset} of {@link ORDERS}. */
export function endUsersWhere(organizationId: string, columns: string, search: EndUserSearch): Statement {
  return searchOf(organizationId, `SELECT ${columns} FROM end_users`, (parameter) => conditionsOf(search, parameter));
}

/**
 * Under row-level security, only leakproof operators may use an index: `<` is leakproof, the operators for prefixes are
 * not.
 */
function conditionsOf(search: EndUserSearch, parameter: Parameter): string[] {
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
    const within = ids.map((range) => `${VALUES.owner} ${range}`);
    conditions.push(hasAttribute(VALUES, attribute, parameter, within));
  }
  if (updatedSince !== undefined) conditions.push(`updated_at >= ${parameter(updatedSince)}`);
  return conditions;
}

/** Returns the ranges of ids of end users that were created within a period. */
function idsOf({ createdSince, createdUntil }: EndUserSearch, parameter: Parameter): string[] {
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

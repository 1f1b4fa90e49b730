import { type RowKey } from '#libs/event-store/entity-row.js';
import { type Part } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Changes } from '#libs/platform/changes.js';
import { emailKey } from '#libs/platform/contact.js';
import { forgettingTwins, twinOf } from '#libs/platform/twins.js';
import { type EndUser, type EndUserFields } from './end-user.js';

/** What no two end users of an organization share: e-mail addresses, phone numbers, external ids. */
export const ADDRESS_INDEX = 'end_user_addresses_value';

/** What can be looked for to find an end user by. */
export type AddressKind = 'email' | 'phone' | 'externalId';

/** The fields that hold addresses. */
const ADDRESS_FIELDS = {
  email: 'email',
  additionalEmails: 'email',
  phoneNumber: 'phone',
  additionalPhoneNumbers: 'phone',
  externalId: 'externalId',
  additionalExternalIds: 'externalId',
} as const satisfies Partial<Record<keyof EndUserFields, AddressKind>>;

/** An address, and where among a client's fields it is, such as `additionalEmails[1]`. */
export interface Address {
  field: keyof typeof ADDRESS_FIELDS;
  path: string;
  kind: AddressKind;
  value: string;
  /** What all its spellings have in common: what the table has. */
  key: string;
}

/** What all spellings of an address have in common. Earlier versions recorded external ids in other forms than NFC, too. */
export function keyOfAddress(kind: AddressKind, value: string): string {
  return kind === 'email' ? emailKey(value) : value.normalize('NFC');
}

/** All addresses among the fields, always in the same order: two that write the same ones do not wait for each other. */
export function addressesOf(fields: Changes<EndUserFields>): Address[] {
  const addresses = Object.entries(ADDRESS_FIELDS).flatMap(([name, kind]) => {
    const field = name as Address['field'];
    const given = fields[field] ?? [];
    const at = (path: string, value: string): Address => ({ field, path, kind, value, key: keyOfAddress(kind, value) });
    return typeof given === 'string'
      ? [at(field, given)]
      : given.map((value, index) => at(`${field}[${index}]`, value));
  });
  const place = ({ kind, key }: Address) => `${kind} ${key}`;
  return addresses.sort((one, other) => (place(one) < place(other) ? -1 : 1));
}

/** The read table of what end users are found by. */
export const addressPart: Part<EndUser | undefined> = {
  table: 'end_user_addresses',
  change: (key, before, after) => {
    const [was, is] = [addressesOf(before ?? {}), addressesOf(after ?? {})];
    const gone = without(was, is);
    const isGone = after === undefined || after.mergedInto !== undefined || after.anonymization === 'done';
    const removed = gone.length > 0 ? [isGone ? forgettingTwins(removal(key, gone)) : removal(key, gone)] : [];
    const added = without(is, was);
    return [...removed, ...(added.length > 0 ? [insertion(key, added)] : [])];
  },
};

/** Those of the addresses that are not among others. */
function without(addresses: Address[], others: Address[]): Address[] {
  const place = ({ field, kind, key }: Address) => `${field} ${kind} ${key}`;
  const known = new Set(others.map(place));
  return addresses.filter((address) => !known.has(place(address)));
}

function columnsOf(addresses: Address[]) {
  return (['field', 'kind', 'key'] as const).map((column) => addresses.map((address) => address[column]));
}

function removal({ organizationId, id }: RowKey, addresses: Address[]): Statement {
  return {
    text: `DELETE FROM end_user_addresses WHERE organization_id = $1 AND end_user_id = $2
             AND (field, kind, value) IN (SELECT * FROM unnest($3::text[], $4::text[], $5::text[]))`,
    values: [organizationId, id, ...columnsOf(addresses)],
    many: {
      text: DELETE_MANY,
      records: () =>
        addresses.map(({ field, key: value }) =>
          JSON.stringify({ organization_id: organizationId, end_user_id: id, field, value }),
        ),
    },
  };
}

function insertion({ organizationId, id }: RowKey, addresses: Address[]): Statement {
  return {
    text: `INSERT INTO end_user_addresses (organization_id, end_user_id, field, kind, value, twin)
           SELECT DISTINCT $1::uuid, $2::uuid, a.*, ${twinOf('$1::uuid', '$2::uuid', 'a.field', 'a.value')}
           FROM unnest($3::text[], $4::text[], $5::text[]) AS a(field, kind, value)`,
    values: [organizationId, id, ...columnsOf(addresses)],
    many: {
      text: INSERT_MANY,
      records: () =>
        addresses.map(({ field, kind, key: value }) =>
          JSON.stringify({ organization_id: organizationId, end_user_id: id, field, kind, value }),
        ),
    },
  };
}

const INSERT_MANY = `INSERT INTO end_user_addresses (organization_id, end_user_id, field, kind, value, twin)
  SELECT DISTINCT n.organization_id, n.end_user_id, n.field, n.kind, n.value,
    ${twinOf('n.organization_id', 'n.end_user_id', 'n.field', 'n.value')}
  FROM json_populate_recordset(NULL::end_user_addresses, $1) AS n`;
const DELETE_MANY = `DELETE FROM end_user_addresses a USING json_populate_recordset(NULL::end_user_addresses, $1) AS n
  WHERE a.organization_id = n.organization_id AND a.end_user_id = n.end_user_id AND a.field = n.field
    AND a.value = n.value`;

/** Reads whose external id it is, as `{id}`. */
export function endUserByExternalId(organizationId: string, externalId: string): Statement {
  return {
    text: `SELECT end_user_id AS id FROM end_user_addresses
           WHERE organization_id = $1 AND kind = 'externalId' AND value = $2 ORDER BY twin LIMIT 1`,
    values: [organizationId, keyOfAddress('externalId', externalId)],
  };
}

import { type Statement } from '#libs/database/batch.js';
import { forgettingTwins, twinOf } from '#libs/database/twins.js';
import { type RowKey } from '#libs/event-store/entity-row.js';
import { type Part } from '#libs/event-store/stream-definition.js';
import { type Address, addressesOf, keyOfAddress } from './addresses.published.js';
import { type EndUser } from './end-user.rules.js';

/** Makes e-mail addresses, phone numbers and external ids unique among the end users of an organization. */
export const ADDRESS_INDEX = 'end_user_addresses_value';

/** The read table of the addresses by which end users are found. */
export const addressPart: Part<EndUser | undefined> = {
  table: 'end_user_addresses',
  owner: 'end_user_id',
  isStable: true,
  change: (key, before, after) => {
    const [was, is] = [addressesOf(before ?? {}), addressesOf(after ?? {})];
    const gone = without(was, is);
    const isGone = after === undefined || after.mergedInto !== undefined || after.anonymization === 'done';
    const removed = gone.length > 0 ? [isGone ? forgettingTwins(removal(key, gone)) : removal(key, gone)] : [];
    const added = without(is, was);
    return [...removed, ...(added.length > 0 ? [insertion(key, added)] : [])];
  },
};

/** Returns the addresses that are not among others. */
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

/** Reads the end user with an external id, as `{id}`. */
export function endUserByExternalId(organizationId: string, externalId: string): Statement {
  return {
    text: `SELECT end_user_id AS id FROM end_user_addresses
           WHERE organization_id = $1 AND kind = 'externalId' AND value = $2 ORDER BY twin LIMIT 1`,
    values: [organizationId, keyOfAddress('externalId', externalId)],
  };
}

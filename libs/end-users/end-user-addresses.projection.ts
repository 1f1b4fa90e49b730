import { type Projection } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Changes } from '#libs/platform/changes.js';
import { emailKey } from '#libs/platform/contact.js';
import { forgettingTwins } from '#libs/platform/twins.js';
import { type EndUserEvent, type EndUserFields } from './end-user.js';

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
export const addressProjection: Projection<EndUserEvent> = {
  table: 'end_user_addresses',
  apply: ({ organizationId, type, data }) => {
    switch (type) {
      case 'EndUserCreated':
        return insertAddresses(organizationId, data.id, data.person ?? {});
      case 'EndUserUpdated':
      case 'EndUserMerged':
        return replaceAddresses(organizationId, data.id, data.changes ?? {});
      case 'EndUserMergedInto':
      case 'EndUserAnonymized':
        return [
          forgettingTwins({
            text: 'DELETE FROM end_user_addresses WHERE organization_id = $1 AND end_user_id = $2',
            values: [organizationId, data.id],
          }),
        ];
      case 'EndUserCustomAttributesUpdated':
      case 'EndUserAnonymizationRequested':
        return [];
    }
  },
};

function replaceAddresses(organizationId: string, id: string, changes: Changes<EndUserFields>): Statement[] {
  const fields = Object.keys(ADDRESS_FIELDS).filter((field) => field in changes);
  if (fields.length === 0) return [];
  const removal = {
    text: 'DELETE FROM end_user_addresses WHERE organization_id = $1 AND end_user_id = $2 AND field = ANY($3)',
    values: [organizationId, id, fields],
  };
  return [removal, ...insertAddresses(organizationId, id, changes)];
}

function insertAddresses(organizationId: string, id: string, fields: Changes<EndUserFields>): Statement[] {
  const addresses = addressesOf(fields);
  if (addresses.length === 0) return [];
  const columns = (['field', 'kind', 'key'] as const).map((column) => addresses.map((address) => address[column]));
  return [
    {
      text: `INSERT INTO end_user_addresses (organization_id, end_user_id, field, kind, value, twin)
             SELECT DISTINCT $1::uuid, $2::uuid, a.*, twin_of($1, $2, a.field, a.value)
             FROM unnest($3::text[], $4::text[], $5::text[]) AS a(field, kind, value)`,
      values: [organizationId, id, ...columns],
    },
  ];
}

/** Reads whose external id it is, as `{id}`. */
export function endUserByExternalId(organizationId: string, externalId: string): Statement {
  return {
    text: `SELECT end_user_id AS id FROM end_user_addresses
           WHERE organization_id = $1 AND kind = 'externalId' AND value = $2 ORDER BY twin LIMIT 1`,
    values: [organizationId, keyOfAddress('externalId', externalId)],
  };
}

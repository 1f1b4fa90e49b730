import { emailKey } from '#libs/people/contact.js';
import { type Changes } from '#libs/platform/changes.js';
import { type EndUserFields } from './end-user.rules.js';

/** The kinds of addresses by which an end user can be found. */
export type AddressKind = 'email' | 'phone' | 'externalId';

/** The fields that hold addresses, with their kinds. */
const ADDRESS_FIELDS = {
  email: 'email',
  additionalEmails: 'email',
  phoneNumber: 'phone',
  additionalPhoneNumbers: 'phone',
  externalId: 'externalId',
  additionalExternalIds: 'externalId',
} as const satisfies Partial<Record<keyof EndUserFields, AddressKind>>;

/** An address with its path in a client's fields, such as `additionalEmails[1]`. */
export interface Address {
  field: keyof typeof ADDRESS_FIELDS;
  path: string;
  kind: AddressKind;
  value: string;
  /** The key that all its spellings share, as stored in the table. */
  key: string;
}

/**
 * Returns the key that all spellings of an address share. Earlier versions also stored external ids in forms other than
 * NFC.
 */
export function keyOfAddress(kind: AddressKind, value: string): string {
  return kind === 'email' ? emailKey(value) : value.normalize('NFC');
}

/**
 * Returns all addresses among the fields in a fixed order, so that two writers of the same addresses cannot deadlock.
 */
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

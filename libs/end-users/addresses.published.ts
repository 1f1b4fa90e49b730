import { emailKey } from '#libs/people/contact.js';
import { type Changes } from '#libs/platform/changes.js';
import { type EndUserFields } from './end-user.rules.js';

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

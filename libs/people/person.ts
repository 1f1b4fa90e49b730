import { type CountryCode } from 'libphonenumber-js/max';
import { type Fault, invalidBody } from '#libs/platform/domain-error.js';
import { emailKey, normalizeEmail, toE164 } from './contact.js';

/** The common fields of end users and agents. Addresses are normalized by {@link normalizePerson}. */
export interface Person {
  displayName?: string;
  email?: string;
  /** E.164 */
  phoneNumber?: string;
  additionalEmails: string[];
  /** E.164 */
  additionalPhoneNumbers: string[];
  firstName?: string;
  lastName?: string;
  middleNames: string[];
  avatarUrl?: string;
}

/** Maximum number of addresses of one kind besides the primary one. */
export const MAX_ADDITIONAL = 20;

/** The list fields of a person: possibly empty, but never absent. */
const PERSON_LISTS = ['additionalEmails', 'additionalPhoneNumbers', 'middleNames'] as const;

/** The fields of a person in a request: `null` and an empty list mean no value. */
export type PersonInputFields = { [Field in keyof Person]?: Person[Field] | null };

/**
 * Returns a client's fields as they are stored: e-mail addresses in lower case, phone numbers in E.164, lists never
 * `null`.
 * @param region the country of phone numbers without a country code
 * @throws {DomainError} `invalid`, with all faults: invalid phone numbers, repeated addresses
 */
export function normalizePerson<T extends PersonInputFields>(input: T, region: CountryCode | undefined): T {
  const faults: Fault[] = [];
  const phone = (path: string, value: string) => {
    const number = toE164(value, region);
    const hint = region ? '' : ', with its country code such as +45';
    if (!number) faults.push({ path, message: `must be a phone number${hint}` });
    return number ?? value;
  };
  const { email, additionalEmails, phoneNumber, additionalPhoneNumbers } = input;
  const normalized: T = {
    ...input,
    ...(email && { email: normalizeEmail(email) }),
    ...(additionalEmails && { additionalEmails: additionalEmails.map(normalizeEmail) }),
    ...(phoneNumber && { phoneNumber: phone('phoneNumber', phoneNumber) }),
    ...(additionalPhoneNumbers && {
      additionalPhoneNumbers: additionalPhoneNumbers.map((value, index) =>
        phone(`additionalPhoneNumbers[${index}]`, value),
      ),
    }),
    ...Object.fromEntries(PERSON_LISTS.filter((list) => input[list] === null).map((list) => [list, []])),
  };
  faults.push(...faultsOfAddresses(normalized));
  if (faults.length > 0) throw invalidBody(faults);
  return normalized;
}

/**
 * Returns the faults of a person's addresses together: repeated ones.
 * @param changes the fields being changed; faults among the other addresses are not reported
 */
export function faultsOfAddresses(person: PersonInputFields, changes: PersonInputFields = person): Fault[] {
  const lists = [
    ['email', 'additionalEmails', emailKey],
    ['phoneNumber', 'additionalPhoneNumbers', (number: string) => number],
  ] as const;
  return lists.flatMap(([primary, path, keyOf]) => {
    if (!(primary in changes) && !(path in changes)) return [];
    const all = [person[primary] ?? [], person[path] ?? []].flat();
    return new Set(all.map(keyOf)).size === all.length ? [] : [{ path, message: 'must not contain an address twice' }];
  });
}

/** The names of a person's fields. */
export const PERSON_FIELDS = Object.keys({
  displayName: true,
  email: true,
  phoneNumber: true,
  additionalEmails: true,
  additionalPhoneNumbers: true,
  firstName: true,
  lastName: true,
  middleNames: true,
  avatarUrl: true,
} satisfies Record<keyof Person, true>);

import { emailKey } from '#libs/people/contact.js';
import { MAX_ADDITIONAL } from '#libs/people/person.js';
import { changesOf } from '#libs/platform/changes.js';
import { DomainError, type Fault, invalidBody } from '#libs/platform/domain-error.js';
import { type EndUser, type EndUserEvent, type EndUserFields, openEndUser } from './end-user.rules.js';

/** The events that a merge records for both end users. */
export interface Merge {
  source: EndUserEvent[];
  target: EndUserEvent[];
}

/**
 * Merges one end user into another. The other keeps its values and takes over those that it lacks; addresses and
 * external ids of the first become additional ones.
 */
export function decideMerge(
  sourceId: string,
  source: EndUser | undefined,
  targetId: string,
  target: EndUser | undefined,
): Merge | DomainError {
  if (sourceId === targetId) return invalidBody([{ path: 'intoId', message: 'must be another end user' }]);
  const from = openEndUser(source, sourceId);
  if (from instanceof DomainError) return from;
  const into = openEndUser(target, targetId);
  if (into instanceof DomainError) return into;
  const fields = mergedFields(from, into);
  const faults = ADDITIONAL.flatMap(([, list]) => faultsOf(list, fields[list]));
  if (faults.length > 0) return invalidBody(faults);
  const changes = changesOf<EndUserFields>(into, fields);
  const values = changesOf(into.customAttributes, { ...from.customAttributes, ...into.customAttributes });
  return {
    source: [{ type: 'EndUserMergedInto', data: { id: sourceId, intoId: targetId } }],
    target: [{ type: 'EndUserMerged', data: { id: targetId, mergedId: sourceId, changes, values } }],
  };
}

/** The primary fields, the lists for further values, and the keys by which values are compared. */
const ADDITIONAL = [
  ['email', 'additionalEmails', emailKey],
  ['phoneNumber', 'additionalPhoneNumbers', (number: string) => number],
  ['externalId', 'additionalExternalIds', (id: string) => id.normalize('NFC')],
] as const;
const SINGLE = ['displayName', 'firstName', 'lastName', 'avatarUrl'] as const;

function mergedFields(from: EndUser, into: EndUser) {
  const single = SINGLE.map((field) => [field, into[field] ?? from[field]]);
  const addresses = ADDITIONAL.flatMap(([primary, additional, keyOf]) => {
    const surplus = into[primary] === undefined ? [] : (from[primary] ?? []);
    const first = into[primary] ?? from[primary];
    const all = [first ?? [], into[additional], surplus, from[additional]].flat();
    // Earlier versions let two end users have addresses that now count as one.
    const keys = all.map(keyOf);
    const distinct = all.filter((_, index) => keys.indexOf(keys[index] as string) === index);
    return [
      [primary, first],
      [additional, first === undefined ? distinct : distinct.slice(1)],
    ];
  });
  const middleNames = into.middleNames.length > 0 ? into.middleNames : from.middleNames;
  return { ...Object.fromEntries([...single, ...addresses]), middleNames } as EndUserFields;
}

function faultsOf(path: (typeof ADDITIONAL)[number][1], list: string[]): Fault[] {
  const message = `of the two together must have at most ${MAX_ADDITIONAL} items`;
  return list.length > MAX_ADDITIONAL ? [{ path, message }] : [];
}

import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.rules.js';
import { faultsOfAddresses, type Person } from '#libs/people/person.js';
import { applyChanges, type Changes, changesOf } from '#libs/platform/changes.js';
import { DomainError, type Fault, invalidBody, notFound } from '#libs/platform/domain-error.js';

/** The fields of an end user that a client can set, normalized. */
export interface EndUserFields extends Person {
  /** The end user's id in another system; compared exactly. */
  externalId?: string;
  /** Further ids in other systems, such as those of end users that were merged into this one. */
  additionalExternalIds: string[];
}

/** A customer who writes to the organization. */
export interface EndUser extends EndUserFields {
  id: string;
  /** ISO 8601 */
  createdAt: string;
  customAttributes: AttributeValues;
  /** Once requested, nothing can change except to `done`. */
  anonymization?: 'requested' | 'done';
  /** The end user that this one was merged into: this one keeps no other data. */
  mergedInto?: string;
}

export type EndUserCommand =
  | { type: 'CreateEndUser'; id: string; person: EndUserFields }
  | { type: 'UpdateEndUser'; id: string; changes: Changes<EndUserFields> }
  | { type: 'UpdateCustomAttributes'; id: string; values: Changes<AttributeValues> }
  | { type: 'RequestAnonymization'; id: string; requestId: string }
  | { type: 'Anonymize'; id: string };

/** The events of an end user. Their optional fields are personal data, absent once the end user is anonymized. */
export type EndUserEvent =
  | { type: 'EndUserCreated'; data: { id: string; createdAt: string; person?: EndUserFields } }
  | { type: 'EndUserUpdated'; data: { id: string; changes?: Changes<EndUserFields> } }
  | { type: 'EndUserCustomAttributesUpdated'; data: { id: string; values?: Changes<AttributeValues> } }
  | { type: 'EndUserAnonymizationRequested'; data: { id: string; requestId: string } }
  | { type: 'EndUserAnonymized'; data: { id: string } }
  | {
      /** Another end user was merged into this one; the changes are what that adds. */
      type: 'EndUserMerged';
      data: { id: string; mergedId: string; changes?: Changes<EndUserFields>; values?: Changes<AttributeValues> };
    }
  | { type: 'EndUserMergedInto'; data: { id: string; intoId: string } };

/**
 * Events contain only actual changes; a command that changes nothing records none. Anonymizing twice changes nothing.
 */
export function decideEndUser(
  command: EndUserCommand,
  endUser: EndUser | undefined,
  recordedAt: Date,
): EndUserEvent[] | DomainError {
  if (command.type === 'CreateEndUser') {
    const { id, person } = command;
    const createdAt = recordedAt.toISOString();
    const faults = faultsOf(person);
    return faults.length > 0 ? invalidBody(faults) : [{ type: 'EndUserCreated', data: { id, createdAt, person } }];
  }
  const { id } = command;
  if (command.type === 'Anonymize') return anonymize(id, endUser);
  const open = openEndUser(endUser, id);
  if (open instanceof DomainError) return open;
  switch (command.type) {
    case 'UpdateEndUser':
      return update(open, command.changes);
    case 'UpdateCustomAttributes': {
      const values = changesOf(open.customAttributes, command.values);
      if (Object.keys(values).length === 0) return [];
      return [{ type: 'EndUserCustomAttributesUpdated', data: { id, values } }];
    }
    case 'RequestAnonymization':
      return [{ type: 'EndUserAnonymizationRequested', data: { id, requestId: command.requestId } }];
  }
}

/** Allowed for merged end users, too: their old events still hold personal data. */
function anonymize(id: string, endUser: EndUser | undefined): EndUserEvent[] | DomainError {
  if (!endUser) return notFound('End user', id);
  return endUser.anonymization === 'done' ? [] : [{ type: 'EndUserAnonymized', data: { id } }];
}

/** Returns the end user if it can be changed, else why it cannot. */
export function openEndUser(endUser: EndUser | undefined, id: string): EndUser | DomainError {
  if (!endUser) return notFound('End user', id);
  if (endUser.mergedInto) return mergedAway(id, endUser.mergedInto);
  if (!endUser.anonymization) return endUser;
  const state = endUser.anonymization === 'done' ? 'is anonymized' : 'is about to be anonymized';
  return new DomainError('conflict', `End user ${id} ${state}`);
}

/** Returns the error for an end user that was merged into another one. */
export function mergedAway(id: string, intoId: string): DomainError {
  const message = `End user ${id} could not be found: it was merged into end user ${intoId}`;
  return new DomainError('not-found', message, { mergedInto: intoId });
}

function update(endUser: EndUser, patch: Changes<EndUserFields>): EndUserEvent[] | DomainError {
  const changes = changesOf<EndUserFields>(endUser, patch);
  if (Object.keys(changes).length === 0) return [];
  const faults = faultsOf(applyChanges<EndUserFields>(endUser, changes), changes);
  if (faults.length > 0) return invalidBody(faults);
  return [{ type: 'EndUserUpdated', data: { id: endUser.id, changes } }];
}

/** Returns the faults of an end user's addresses and external ids together: repeated ones. */
function faultsOf(fields: Partial<EndUserFields>, changes: Changes<EndUserFields> = fields): Fault[] {
  const { externalId, additionalExternalIds = [] } = fields;
  const twice = externalId !== undefined && additionalExternalIds.includes(externalId);
  const fault = { path: 'additionalExternalIds', message: 'must not contain the external id again' };
  return [...faultsOfAddresses(fields, changes), ...(twice ? [fault] : [])];
}

/** Returns the changes of a replacement: fields that are not given are cleared, except `additionalExternalIds`. */
export const replacing = (fields: Changes<EndUserFields>): Changes<EndUserFields> => ({
  email: null,
  phoneNumber: null,
  additionalEmails: null,
  additionalPhoneNumbers: null,
  firstName: null,
  lastName: null,
  middleNames: null,
  avatarUrl: null,
  externalId: null,
  ...fields,
});

const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], additionalExternalIds: [], middleNames: [] };

export function evolveEndUser(endUser: EndUser | undefined, event: EndUserEvent): EndUser | undefined {
  if (event.type === 'EndUserCreated') {
    const { id, createdAt, person } = event.data;
    return { id, createdAt, ...NOBODY, ...person, customAttributes: {} };
  }
  if (!endUser) return undefined;
  const { id, createdAt, customAttributes } = endUser;
  switch (event.type) {
    case 'EndUserUpdated':
      return applyChanges<EndUser>(endUser, event.data.changes ?? {});
    case 'EndUserCustomAttributesUpdated':
      return { ...endUser, customAttributes: applyChanges(customAttributes, event.data.values ?? {}) };
    case 'EndUserAnonymizationRequested':
      return { ...endUser, anonymization: 'requested' };
    case 'EndUserMerged': {
      const values = applyChanges(customAttributes, event.data.values ?? {});
      return { ...applyChanges<EndUser>(endUser, event.data.changes ?? {}), customAttributes: values };
    }
    case 'EndUserMergedInto':
      return { id, createdAt, ...NOBODY, customAttributes: {}, mergedInto: event.data.intoId };
    case 'EndUserAnonymized': {
      const { mergedInto } = endUser;
      const nobody: EndUser = { id, createdAt, ...NOBODY, customAttributes: {}, anonymization: 'done' };
      return mergedInto ? { ...nobody, mergedInto } : nobody;
    }
  }
}

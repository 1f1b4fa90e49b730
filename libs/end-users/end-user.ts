import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.js';
import { applyChanges, type Changes, changesOf } from '#libs/platform/changes.js';
import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { faultsOfAddresses, type Person } from '#libs/platform/person.js';

/** What a client says of an end user, normalized. */
export interface EndUserFields extends Person {
  /** The end user's id in another system; compared exactly. */
  externalId?: string;
}

/** A customer: somebody who writes to the organization. */
export interface EndUser extends EndUserFields {
  id: string;
  /** ISO 8601 */
  createdAt: string;
  customAttributes: AttributeValues;
  /** From the request on nothing changes any more but that it is done. */
  anonymization?: 'requested' | 'done';
}

export type EndUserCommand =
  | { type: 'CreateEndUser'; id: string; createdAt: string; person: EndUserFields }
  | { type: 'UpdateEndUser'; id: string; changes: Changes<EndUserFields> }
  | { type: 'UpdateCustomAttributes'; id: string; values: Changes<AttributeValues> }
  | { type: 'RequestAnonymization'; id: string; requestId: string }
  | { type: 'Anonymize'; id: string };

/** What is personal in them is gone once the end user is anonymized. */
export type EndUserEvent =
  | { type: 'EndUserCreated'; data: { id: string; createdAt: string; person?: EndUserFields } }
  | { type: 'EndUserUpdated'; data: { id: string; changes?: Changes<EndUserFields> } }
  | { type: 'EndUserCustomAttributesUpdated'; data: { id: string; values?: Changes<AttributeValues> } }
  | { type: 'EndUserAnonymizationRequested'; data: { id: string; requestId: string } }
  | { type: 'EndUserAnonymized'; data: { id: string } };

/** Events hold only what changes; a change that changes nothing leaves none. Anonymizing twice changes nothing. */
export function decideEndUser(command: EndUserCommand, endUser: EndUser | undefined): EndUserEvent[] | DomainError {
  if (command.type === 'CreateEndUser') {
    const { id, createdAt, person } = command;
    const faults = faultsOfAddresses(person);
    return faults.length > 0 ? invalidBody(faults) : [{ type: 'EndUserCreated', data: { id, createdAt, person } }];
  }
  if (!endUser) return notFound('End user', command.id);
  const { id } = endUser;
  if (command.type === 'Anonymize') {
    return endUser.anonymization === 'done' ? [] : [{ type: 'EndUserAnonymized', data: { id } }];
  }
  if (endUser.anonymization) return anonymizing(endUser);
  switch (command.type) {
    case 'UpdateEndUser':
      return update(endUser, command.changes);
    case 'UpdateCustomAttributes': {
      const values = changesOf(endUser.customAttributes, command.values);
      if (Object.keys(values).length === 0) return [];
      return [{ type: 'EndUserCustomAttributesUpdated', data: { id, values } }];
    }
    case 'RequestAnonymization':
      return [{ type: 'EndUserAnonymizationRequested', data: { id, requestId: command.requestId } }];
  }
}

function anonymizing({ id, anonymization }: EndUser): DomainError {
  const state = anonymization === 'done' ? 'is anonymized' : 'is about to be anonymized';
  return new DomainError('conflict', `End user ${id} ${state}`);
}

function update(endUser: EndUser, patch: Changes<EndUserFields>): EndUserEvent[] | DomainError {
  const changes = changesOf<EndUserFields>(endUser, patch);
  if (Object.keys(changes).length === 0) return [];
  const faults = faultsOfAddresses(applyChanges<EndUserFields>(endUser, changes));
  if (faults.length > 0) return invalidBody(faults);
  return [{ type: 'EndUserUpdated', data: { id: endUser.id, changes } }];
}

const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], middleNames: [] };

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
    case 'EndUserAnonymized':
      return { id, createdAt, ...NOBODY, customAttributes: {}, anonymization: 'done' };
  }
}

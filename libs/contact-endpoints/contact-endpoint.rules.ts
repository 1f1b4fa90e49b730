import { emailKey, faultOfEmail, normalizeEmail, toE164 } from '#libs/people/contact.js';
import { applyChanges, type Changes, changesOf } from '#libs/platform/changes.js';
import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';

/** Maximum number of contact endpoints of an organization, of both types together. */
export const MAX_CONTACT_ENDPOINTS = 1_000;

/** An e-mail address by which the organization is reached. */
export interface EmailEndpoint {
  _type: 'EmailEndpoint';
  id: string;
  /** Unique in the organization, as `emailKey` compares addresses; in lower case. It never changes. */
  address: string;
  name?: string;
  /** The address that is shown as the sender of its e-mails. */
  senderOverride?: string;
}

/** A phone number by which the organization is reached. */
export interface TelephonyEndpoint {
  _type: 'TelephonyEndpoint';
  id: string;
  /** E.164; unique in the organization. It never changes. */
  number: string;
  name?: string;
  /** What the number is used for. */
  functionality?: string[];
}

export type ContactEndpoint = EmailEndpoint | TelephonyEndpoint;
export type EndpointType = ContactEndpoint['_type'];

/** The fields that a client can change. */
export type EndpointSettings = Pick<EmailEndpoint, 'name' | 'senderOverride'> &
  Pick<TelephonyEndpoint, 'functionality'>;

/** Those of them that endpoints of each type have. */
const SETTINGS: Record<EndpointType, readonly string[]> = {
  EmailEndpoint: ['name', 'senderOverride'],
  TelephonyEndpoint: ['name', 'functionality'],
};

export type ContactEndpointCommand =
  | {
      type: 'CreateContactEndpoint';
      endpoint: ContactEndpoint;
      /** The number of contact endpoints that the organization has. */
      existing: number;
    }
  /** `address` is how the client names the endpoint: see {@link addressOf}. */
  | { type: 'UpdateContactEndpoint'; address: string; changes: Changes<EndpointSettings> }
  | { type: 'DeleteContactEndpoint'; address: string };

export type ContactEndpointEvent =
  | { type: 'ContactEndpointCreated'; data: ContactEndpoint }
  | { type: 'ContactEndpointUpdated'; data: { id: string; changes: Changes<EndpointSettings> } }
  | { type: 'ContactEndpointDeleted'; data: { id: string } };

/** Updates contain only actual changes; one that changes nothing records no event. */
export function decideContactEndpoint(
  command: ContactEndpointCommand,
  endpoint: ContactEndpoint | undefined,
): ContactEndpointEvent[] | DomainError {
  if (command.type === 'CreateContactEndpoint') {
    if (command.existing >= MAX_CONTACT_ENDPOINTS) return tooMany();
    return [{ type: 'ContactEndpointCreated', data: normalized(command.endpoint) }];
  }
  if (!endpoint) return notFound('Contact endpoint', command.address);
  switch (command.type) {
    case 'UpdateContactEndpoint':
      return update(endpoint, command.changes);
    case 'DeleteContactEndpoint':
      return [{ type: 'ContactEndpointDeleted', data: { id: endpoint.id } }];
  }
}

function update(endpoint: ContactEndpoint, wanted: Changes<EndpointSettings>): ContactEndpointEvent[] | DomainError {
  const { id, _type } = endpoint;
  const foreign = Object.keys(wanted).filter((field) => !SETTINGS[_type].includes(field));
  if (foreign.length > 0) {
    const message = `is not a field of ${_type}; it has ${SETTINGS[_type].join(' and ')}`;
    return invalidBody(foreign.map((path) => ({ path, message })));
  }
  const changes = changesOf<EndpointSettings>(endpoint, normalized(wanted));
  return Object.keys(changes).length === 0 ? [] : [{ type: 'ContactEndpointUpdated', data: { id, changes } }];
}

export function evolveContactEndpoint(
  endpoint: ContactEndpoint | undefined,
  event: ContactEndpointEvent,
): ContactEndpoint | undefined {
  switch (event.type) {
    case 'ContactEndpointCreated':
      return event.data;
    case 'ContactEndpointUpdated':
      return endpoint && applyChanges<ContactEndpoint>(endpoint, event.data.changes);
    case 'ContactEndpointDeleted':
      return undefined;
  }
}

/** Returns the address or number, which is the endpoint's id in the API. */
export function addressOf(endpoint: ContactEndpoint): string {
  return endpoint._type === 'EmailEndpoint' ? endpoint.address : endpoint.number;
}

/** The key by which an endpoint is found: it is the same for all spellings of its address or number. */
export interface EndpointKey {
  type: EndpointType;
  /** Undefined if there can be no such endpoint. */
  key: string | undefined;
}

/** Returns the key of an endpoint of this type. */
export function endpointKey(type: EndpointType, address: string): EndpointKey {
  if (type === 'TelephonyEndpoint') return { type, key: toE164(address) };
  return { type, key: faultOfEmail(address) === undefined ? emailKey(address) : undefined };
}

/** Returns the key of the endpoint that an address or a number names. */
export function namedEndpoint(id: string): EndpointKey {
  return endpointKey(id.includes('@') ? 'EmailEndpoint' : 'TelephonyEndpoint', id);
}

/** The fields that are stored in one spelling. */
type Spelled = Partial<Record<'name' | 'address' | 'senderOverride' | 'number', string | null>>;

/** Returns fields as they are stored: names without outer space, addresses in lower case, numbers in E.164. */
function normalized<Fields extends Spelled>(fields: Fields): Fields {
  const { name, address, senderOverride, number } = fields;
  return {
    ...fields,
    ...(name && { name: name.trim() }),
    ...(address && { address: normalizeEmail(address) }),
    ...(senderOverride && { senderOverride: normalizeEmail(senderOverride) }),
    ...(number && { number: toE164(number) }),
  };
}

function tooMany(): DomainError {
  const most = MAX_CONTACT_ENDPOINTS.toLocaleString('en');
  return new DomainError(
    'conflict',
    `The organization has ${most} contact endpoints, which is the maximum. Delete an unused one`,
  );
}

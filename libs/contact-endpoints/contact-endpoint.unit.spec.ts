import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import {
  type ContactEndpoint,
  type ContactEndpointEvent,
  decideContactEndpoint,
  evolveContactEndpoint,
  MAX_CONTACT_ENDPOINTS,
  namedEndpoint,
} from './contact-endpoint.rules.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const email: ContactEndpoint = { id, _type: 'EmailEndpoint', address: 'support@acme.example', name: 'Support' };
const telephony: ContactEndpoint = { id, _type: 'TelephonyEndpoint', number: '+4578787878', functionality: ['Sms'] };
const created = (data: ContactEndpoint): ContactEndpointEvent => ({ type: 'ContactEndpointCreated', data });
const updated = (changes: object): ContactEndpointEvent => ({ type: 'ContactEndpointUpdated', data: { id, changes } });
const deleted: ContactEndpointEvent = { type: 'ContactEndpointDeleted', data: { id } };
const endpoint = given({ decide: decideContactEndpoint, evolve: evolveContactEndpoint, initialState: undefined });

const create = (wanted: ContactEndpoint, existing = 0) =>
  ({ type: 'CreateContactEndpoint', endpoint: wanted, existing }) as const;
const update = (changes: object, address = 'support@acme.example') =>
  ({ type: 'UpdateContactEndpoint', address, changes }) as const;

describe('A contact endpoint', () => {
  it('is created with its address in lower case, or its number in E.164, and its name without outer space', () => {
    endpoint()
      .when(create({ ...email, address: ' Support@ACME.example ', name: ' Support ' }))
      .then([created(email)]);
    endpoint()
      .when(create({ ...telephony, number: '0045 78 78 78 78' }))
      .then([created(telephony)]);
    expect(endpoint(created(email)).state).toEqual(email);
  });

  it('is one of at most 1,000', () => {
    endpoint()
      .when(create(email, MAX_CONTACT_ENDPOINTS - 1))
      .then([created(email)]);
    const message = 'The organization has 1,000 contact endpoints, which is the maximum. Delete an unused one';
    endpoint().when(create(email, MAX_CONTACT_ENDPOINTS)).then(new DomainError('conflict', message));
  });

  it('changes only the fields that are sent, and null clears one', () => {
    const override = updated({ senderOverride: 'noreply@acme.example' });
    endpoint(created(email))
      .when(update({ senderOverride: 'NoReply@acme.example', name: 'Support' }))
      .then([override]);
    expect(endpoint(created(email), override).state).toEqual({ ...email, senderOverride: 'noreply@acme.example' });
    endpoint(created(telephony))
      .when(update({ functionality: null }))
      .then([updated({ functionality: null })]);
    expect(endpoint(created(telephony), updated({ functionality: null })).state).not.toHaveProperty('functionality');
  });

  it('does not change when it has the wanted values already', () => {
    endpoint(created(email))
      .when(update({ name: ' Support', senderOverride: null }))
      .then([]);
    endpoint(created(telephony))
      .when(update({ functionality: ['Sms'] }))
      .then([]);
  });

  it('has the fields of its type only', () => {
    const onMail = 'is not a field of EmailEndpoint; it has name and senderOverride';
    endpoint(created(email))
      .when(update({ name: 'x', functionality: null }))
      .then(invalidBody([{ path: 'functionality', message: onMail }]));
    const onPhone = 'is not a field of TelephonyEndpoint; it has name and functionality';
    endpoint(created(telephony))
      .when(update({ senderOverride: 'noreply@acme.example' }))
      .then(invalidBody([{ path: 'senderOverride', message: onPhone }]));
  });

  it('must exist to be changed or deleted, and is gone once it is deleted', () => {
    const missing = notFound('Contact endpoint', 'support@acme.example');
    const remove = { type: 'DeleteContactEndpoint', address: 'support@acme.example' } as const;
    endpoint().when(update({})).then(missing);
    endpoint(created(email)).when(remove).then([deleted]);
    endpoint(created(email), deleted).when(remove).then(missing);
  });

  it.each([
    ['Support@ACME.example', 'EmailEndpoint', 'support@acme.example'],
    ['a@müller.example', 'EmailEndpoint', 'a@xn--mller-kva.example'],
    ['+45 78 78 78 78', 'TelephonyEndpoint', '+4578787878'],
    ['78787878', 'TelephonyEndpoint', undefined],
    ['@', 'EmailEndpoint', undefined],
    ['', 'TelephonyEndpoint', undefined],
  ])('is named by %j as %s %j', (name, type, key) => {
    expect(namedEndpoint(name)).toEqual({ type, key });
  });
});

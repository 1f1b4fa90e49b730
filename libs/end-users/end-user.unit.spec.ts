import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import { addressesOf } from './addresses.published.js';
import {
  decideEndUser,
  type EndUserCommand,
  type EndUserEvent,
  type EndUserFields,
  evolveEndUser,
  mergedAway,
} from './end-user.rules.js';

const id = '01980f70-1a2b-7c3d-8e4f-506172839405';
const createdAt = RECORDED.recordedAt.toISOString();
const endUser = given({ decide: decideEndUser, evolve: evolveEndUser, initialState: undefined });

const person: EndUserFields = {
  displayName: 'Alice',
  email: 'alice@x.example',
  additionalEmails: ['a@y.example'],
  phoneNumber: '+4570123456',
  additionalPhoneNumbers: [],
  additionalExternalIds: [],
  middleNames: [],
};
const created: EndUserEvent = { type: 'EndUserCreated', data: { id, createdAt, person } };
const valued: EndUserEvent = {
  type: 'EndUserCustomAttributesUpdated',
  data: { id, values: { a: 'x', b: ['y', 'z'] } },
};
const requested: EndUserEvent = { type: 'EndUserAnonymizationRequested', data: { id, requestId: 'r' } };
const anonymized: EndUserEvent = { type: 'EndUserAnonymized', data: { id } };
const updated = (changes: object): EndUserEvent => ({ type: 'EndUserUpdated', data: { id, changes } });
const update = (changes: object): EndUserCommand => ({ type: 'UpdateEndUser', id, changes });
const setValues = (values: object): EndUserCommand => ({
  type: 'UpdateCustomAttributes',
  id,
  values: values,
});
const request: EndUserCommand = { type: 'RequestAnonymization', id, requestId: 'r' };
const anonymize: EndUserCommand = { type: 'Anonymize', id };
const nobody = {
  id,
  createdAt,
  additionalEmails: [],
  additionalPhoneNumbers: [],
  additionalExternalIds: [],
  middleNames: [],
  customAttributes: {},
};
const conflict = (state: string) => new DomainError('conflict', `End user ${id} ${state}`);
const twice = invalidBody([{ path: 'additionalEmails', message: 'must not contain an address twice' }]);

describe('An end user', () => {
  it('is created with what is given', () => {
    endUser().when({ type: 'CreateEndUser', id, person }).then([created]);
    expect(endUser(created).state).toEqual({ id, createdAt, ...person, customAttributes: {} });
    const { displayName } = { displayName: 'Only' };
    const event: EndUserEvent = {
      type: 'EndUserCreated',
      data: { id, createdAt, person: { displayName } as EndUserFields },
    };
    expect(endUser(event).state).toEqual({ ...nobody, displayName });
  });

  it('changes only what differs', () => {
    endUser(created)
      .when(update({ displayName: 'Alice', email: null, firstName: 'Ali', lastName: null, middleNames: [] }))
      .then([updated({ email: null, firstName: 'Ali' })]);
    endUser(created)
      .when(update({ displayName: 'Alice' }))
      .then([]);
    expect(endUser(created, updated({ email: null, firstName: 'Ali' })).state).toEqual({
      id,
      createdAt,
      ...person,
      firstName: 'Ali',
      customAttributes: {},
      email: undefined,
    });
  });

  it('may move an address from the additional ones to the primary, but not have it twice', () => {
    const moved = { email: 'a@y.example', additionalEmails: [] };
    endUser(created)
      .when(update(moved))
      .then([updated(moved)]);
    endUser(created)
      .when(update({ email: 'a@y.example' }))
      .then(twice);
    endUser(created)
      .when(update({ additionalEmails: ['alice@x.example'] }))
      .then(twice);
    endUser()
      .when({ type: 'CreateEndUser', id, person: { ...person, additionalEmails: ['alice@x.example'] } })
      .then(twice);
  });

  it('has values of custom attributes, of which only those that differ change', () => {
    endUser(created)
      .when(setValues({ a: 'x', b: ['y', 'z'], c: null }))
      .then([valued]);
    endUser(created, valued)
      .when(setValues({ a: 'x', b: ['y', 'z'] }))
      .then([]);
    const cleared: EndUserEvent = { type: 'EndUserCustomAttributesUpdated', data: { id, values: { a: null } } };
    endUser(created, valued)
      .when(setValues({ a: null, b: ['y', 'z'] }))
      .then([cleared]);
    expect(endUser(created, valued, cleared).state?.customAttributes).toEqual({ b: ['y', 'z'] });
  });

  it('changes no more once its anonymization is requested', () => {
    endUser(created).when(request).then([requested]);
    for (const command of [update({}), update({ displayName: 'x' }), setValues({ a: 'x' }), request]) {
      endUser(created, requested).when(command).then(conflict('is about to be anonymized'));
      endUser(created, requested, anonymized).when(command).then(conflict('is anonymized'));
    }
  });

  it('is anonymized any number of times, and is nobody then', () => {
    endUser(created, requested).when(anonymize).then([anonymized]);
    endUser(created, requested, anonymized).when(anonymize).then([]);
    const done = { ...nobody, anonymization: 'done' };
    expect(endUser(created, valued, requested, anonymized).state).toEqual(done);
  });

  it('is nobody also when its events have lost what is personal in them', () => {
    const forgotten: EndUserEvent[] = [
      { type: 'EndUserCreated', data: { id, createdAt } },
      { type: 'EndUserUpdated', data: { id } },
      { type: 'EndUserCustomAttributesUpdated', data: { id } },
    ];
    expect(endUser(...forgotten).state).toEqual(nobody);
  });

  it('that was merged into another one is nobody, whom nothing can be done with but to anonymize it', () => {
    const into: EndUserEvent = { type: 'EndUserMergedInto', data: { id, intoId: 'other' } };
    expect(endUser(created, valued, into).state).toEqual({ ...nobody, mergedInto: 'other' });
    for (const command of [update({}), setValues({ a: 'x' }), request]) {
      endUser(created, into).when(command).then(mergedAway(id, 'other'));
      endUser(created, into, anonymized).when(command).then(mergedAway(id, 'other'));
    }
    endUser(created, into).when(anonymize).then([anonymized]);
    endUser(created, into, anonymized).when(anonymize).then([]);
  });

  it('takes over what merging another one adds', () => {
    const data = { id, mergedId: 'other', changes: { firstName: 'Ali' }, values: { a: 'x' } };
    const merged: EndUserEvent = { type: 'EndUserMerged', data };
    const { state } = endUser(created, merged);
    expect(state).toEqual({ id, createdAt, ...person, firstName: 'Ali', customAttributes: { a: 'x' } });
    const forgotten: EndUserEvent = { type: 'EndUserMerged', data: { id, mergedId: 'other' } };
    expect(endUser({ type: 'EndUserCreated', data: { id, createdAt } }, forgotten).state).toEqual(nobody);
  });

  it('does not have its external id twice', () => {
    const again = invalidBody([{ path: 'additionalExternalIds', message: 'must not contain the external id again' }]);
    endUser(created)
      .when(update({ externalId: 'x', additionalExternalIds: ['y', 'x'] }))
      .then(again);
  });

  it('must exist to be changed', () => {
    for (const command of [update({}), setValues({}), request, anonymize]) {
      endUser().when(command).then(notFound('End user', id));
    }
  });
});

describe('Addresses of an end user', () => {
  it('come in the same order, whatever field they are in', () => {
    const values = (fields: Partial<EndUserFields>) => addressesOf(fields).map(({ kind, value }) => `${kind} ${value}`);
    expect(values({ email: 'b', additionalEmails: ['a'], externalId: 'x', phoneNumber: '+1' })).toEqual([
      ...['email a', 'email b', 'externalId x', 'phone +1'],
    ]);
    expect(values({ email: 'a', additionalEmails: ['b'] })).toEqual(values({ email: 'b', additionalEmails: ['a'] }));
  });

  it('say where they are', () => {
    expect(addressesOf({ additionalEmails: ['x', 'a'] }).map(({ path }) => path)).toEqual([
      ...['additionalEmails[1]', 'additionalEmails[0]'],
    ]);
  });
});

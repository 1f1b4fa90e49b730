import { samplesOf } from '#libs/testing/projected.js';
import { type EndUserEvent, type EndUserFields } from './end-user.rules.js';
import { endUserStream } from './end-user.stream.js';

const id = '01980f70-1a2b-7c3d-8e4f-506172839405';
const otherId = '01980f74-5e6f-7071-8283-940516273849';
const plan = '01980f6a-5c1d-7a10-9b2c-3d4e5f607182';
const person: EndUserFields = {
  displayName: 'Alice Brown',
  email: 'Alice@x.example',
  additionalEmails: ['a@y.example'],
  additionalPhoneNumbers: [],
  externalId: 'crm-1',
  additionalExternalIds: [],
  middleNames: [],
};
const created: EndUserEvent = {
  type: 'EndUserCreated',
  data: { id, createdAt: '2026-03-14T09:26:53.589Z', person },
};
const updated = (changes: Partial<EndUserFields>): EndUserEvent => ({ type: 'EndUserUpdated', data: { id, changes } });
const valued: EndUserEvent = {
  type: 'EndUserCustomAttributesUpdated',
  data: { id, values: { [plan]: ['Paid', 'Gold'] } },
};
const address = (field: string, kind: string, value: string) => ({ end_user_id: id, field, kind, value });
const addresses = [
  address('additionalEmails', 'email', 'a@y.example'),
  address('email', 'email', 'alice@x.example'),
  address('externalId', 'externalId', 'crm-1'),
];

export const endUserSamples = samplesOf(endUserStream, id, {
  'a new end user with all addresses': {
    given: [created],
    then: {
      end_users: [{ id, search_name: 'alice brown', display_name: 'Alice Brown', email: 'Alice@x.example' }],
      end_user_addresses: addresses,
    },
  },
  'an end user whose fields were changed': {
    given: [created, updated({ displayName: 'Alicia', additionalEmails: [], phoneNumber: '+4570123456' })],
    then: {
      end_users: [{ search_name: 'alicia', phone_number: '+4570123456', version: 2 }],
      end_user_addresses: [...addresses.slice(1), address('phoneNumber', 'phone', '+4570123456')],
    },
  },
  'each option on the path of a value': {
    given: [created, valued],
    then: {
      end_users: [{ id, version: 2 }],
      end_user_addresses: addresses,
      end_user_attributes: [
        { end_user_id: id, attribute_id: plan, value: 'Gold' },
        { attribute_id: plan, value: 'Paid' },
      ],
    },
  },
  'what was taken over from another end user': {
    given: [
      created,
      {
        type: 'EndUserMerged',
        data: { id, mergedId: otherId, changes: { additionalExternalIds: ['crm-2'] }, values: { [plan]: 'Gold' } },
      },
    ],
    then: {
      end_users: [{ id, version: 2 }],
      end_user_addresses: [
        ...addresses.slice(0, 1),
        address('additionalExternalIds', 'externalId', 'crm-2'),
        ...addresses.slice(1),
      ],
      end_user_attributes: [{ attribute_id: plan, value: 'Gold' }],
    },
  },
  'only where an end user went who was merged into another': {
    given: [created, valued, { type: 'EndUserMergedInto', data: { id, intoId: otherId } }],
    then: { merged_end_users: [{ id, into_id: otherId }] },
  },
  'that an anonymization was requested': {
    given: [created, { type: 'EndUserAnonymizationRequested', data: { id, requestId: otherId } }],
    then: { end_users: [{ anonymization: 'requested' }], end_user_addresses: addresses },
  },
  'nothing personal of an end user who was anonymized': {
    given: [
      created,
      valued,
      { type: 'EndUserAnonymizationRequested', data: { id, requestId: otherId } },
      { type: 'EndUserAnonymized', data: { id } },
    ],
    then: {
      end_users: [{ id, anonymization: 'done', search_name: '', display_name: null, email: null, phone_number: null }],
    },
  },
});

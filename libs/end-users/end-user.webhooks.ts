import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { object } from '#libs/webhooks/events/payload-schemas.published.js';
import { type EndUser, type EndUserEvent } from './end-user.rules.js';
import { endUserStream } from './end-user.stream.js';

/** Returns the fields of an end user that every payload shows. */
function contactOf(endUser: Pick<EndUser, 'id' | 'displayName' | 'email' | 'phoneNumber'>) {
  return {
    id: endUser.id,
    name: endUser.displayName ?? null,
    email: endUser.email ?? null,
    phone: endUser.phoneNumber ?? null,
    roles: [],
    user_type: 'Contact',
  };
}

function endUserOf(endUser: EndUser) {
  return {
    ...contactOf(endUser),
    first_name: endUser.firstName ?? null,
    last_name: endUser.lastName ?? null,
    middle_names: endUser.middleNames,
    additional_emails: endUser.additionalEmails,
    additional_phones: endUser.additionalPhoneNumbers,
    avatar_url: endUser.avatarUrl ?? null,
    external_id: endUser.externalId ?? null,
    additional_external_ids: endUser.additionalExternalIds,
    created_at: endUser.createdAt,
  };
}

const endUserExample = {
  id: EXAMPLE_IDS.endUser,
  name: 'Alice Brown',
  email: 'alice@brown.example',
  phone: '+4570123456',
  roles: [],
  user_type: 'Contact',
  first_name: 'Alice',
  last_name: 'Brown',
  middle_names: ['Marie'],
  additional_emails: ['alice.brown@work.example'],
  additional_phones: [],
  avatar_url: null,
  external_id: 'crm-20417',
  additional_external_ids: [],
  created_at: '2026-03-14T09:26:53.589Z',
};

const text = { type: 'string' };
const optionalText = { type: ['string', 'null'] };
const texts = { type: 'array', items: text };

/** The JSON Schemas of the fields that {@link contactOf} returns. */
const CONTACT_PROPERTIES = {
  id: { type: 'string', format: 'uuid' },
  name: optionalText,
  email: optionalText,
  phone: optionalText,
  roles: texts,
  user_type: { const: 'Contact' },
};

const endUserSchema = object({
  ...CONTACT_PROPERTIES,
  first_name: optionalText,
  last_name: optionalText,
  middle_names: texts,
  additional_emails: texts,
  additional_phones: texts,
  avatar_url: optionalText,
  external_id: optionalText,
  additional_external_ids: texts,
  created_at: { type: 'string', format: 'date-time' },
});

function endUserEvent(description: string): WebhookEventType<EndUser> {
  return {
    version: '1',
    description,
    stream: endUserStream,
    shows: ['endUser'],
    data: (endUser) => ({ end_user: endUserOf(endUser) }),
    example: { end_user: endUserExample },
    schema: object({ end_user: endUserSchema }),
  };
}

const attributesExample = { [EXAMPLE_IDS.contactAttribute]: ['business', 'gold'] };
const attributesSchema = { type: 'object', additionalProperties: { anyOf: [text, texts] } };

const customAttributesUpdated: WebhookEventType<EndUser> = {
  version: '1',
  description: 'Values of the custom attributes of an end user were changed.',
  stream: endUserStream,
  shows: ['endUser'],
  data: (endUser) => ({ end_user: endUserOf(endUser), custom_attributes: endUser.customAttributes }),
  example: { end_user: endUserExample, custom_attributes: attributesExample },
  schema: object({ end_user: endUserSchema, custom_attributes: attributesSchema }),
};

const merged: WebhookEventType<EndUser, Extract<EndUserEvent, { type: 'EndUserMerged' }>['data']> = {
  version: '1',
  description:
    'Another end user was merged into an end user, which is shown as it is after the merge. The other one no longer exists.',
  stream: endUserStream,
  shows: ['endUser'],
  data: (endUser, { data }) => ({
    end_user: endUserOf(endUser),
    custom_attributes: endUser.customAttributes,
    merged_end_user: { id: data.mergedId },
  }),
  example: {
    end_user: endUserExample,
    custom_attributes: attributesExample,
    merged_end_user: { id: EXAMPLE_IDS.otherEndUser },
  },
  schema: object({
    end_user: endUserSchema,
    custom_attributes: attributesSchema,
    merged_end_user: object({ id: { type: 'string', format: 'uuid' } }),
  }),
};

const anonymized: WebhookEventType<EndUser> = {
  version: '1',
  description: 'All personal data of an end user was removed for good. Only the id is left.',
  stream: endUserStream,
  shows: ['endUser'],
  data: ({ id }) => ({ end_user: { id } }),
  example: { end_user: { id: endUserExample.id } },
  schema: object({ end_user: object({ id: { type: 'string', format: 'uuid' } }) }),
};

export const END_USER_EVENTS = {
  EndUserCreated: endUserEvent('An end user was created.'),
  EndUserUpdated: endUserEvent('Fields of an end user were changed.'),
  EndUserCustomAttributesUpdated: customAttributesUpdated,
  EndUserMerged: merged,
  EndUserAnonymized: anonymized,
} as const;

import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { changedColumns } from '#libs/platform/changed-columns.js';
import { type Changes } from '#libs/platform/changes.js';
import { PERSON_COLUMN_OF } from '#libs/platform/person.js';
import { type EndUser, type EndUserEvent, type EndUserFields, evolveEndUser } from './end-user.js';

const COLUMNS = { ...PERSON_COLUMN_OF, externalId: ['external_id', 'text'] } as const;

const INSERT = `INSERT INTO end_users (organization_id, id, created_at, ${Object.values(COLUMNS)
  .map(([name]) => name)
  .join(', ')}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`;
const UPDATE = `UPDATE end_users SET ${changedColumns(COLUMNS, '$3')} WHERE organization_id = $1 AND id = $2`;
const UPDATE_VALUES = `UPDATE end_users SET custom_attributes = jsonb_strip_nulls(custom_attributes || $3::jsonb)
  WHERE organization_id = $1 AND id = $2`;
const REQUEST = `UPDATE end_users SET anonymization_requested_at = $3 WHERE organization_id = $1 AND id = $2`;
const SCRUB = `UPDATE end_users SET display_name = NULL, email = NULL, phone_number = NULL, additional_emails = '{}',
    additional_phone_numbers = '{}', first_name = NULL, last_name = NULL, middle_names = '{}', avatar_url = NULL,
    external_id = NULL, custom_attributes = '{}', anonymized_at = $3,
    anonymization_requested_at = coalesce(anonymization_requested_at, $3)
  WHERE organization_id = $1 AND id = $2`;

/** The read table of end users. */
const endUserProjection: Projection<EndUserEvent> = {
  table: 'end_users',
  apply: (event) => {
    const { organizationId, recordedAt } = event;
    const { id } = event.data;
    switch (event.type) {
      case 'EndUserCreated':
        return [
          { text: INSERT, values: [organizationId, id, event.data.createdAt, ...valuesOf(event.data.person ?? {})] },
        ];
      case 'EndUserUpdated':
        return [{ text: UPDATE, values: [organizationId, id, event.data.changes ?? {}] }];
      case 'EndUserCustomAttributesUpdated':
        return [{ text: UPDATE_VALUES, values: [organizationId, id, event.data.values ?? {}] }];
      case 'EndUserAnonymizationRequested':
        return [{ text: REQUEST, values: [organizationId, id, recordedAt] }];
      case 'EndUserAnonymized':
        return [{ text: SCRUB, values: [organizationId, id, recordedAt] }];
    }
  },
};

function valuesOf(person: Partial<EndUserFields>) {
  return Object.entries(COLUMNS).map(
    ([field, [, type]]) => person[field as keyof EndUserFields] ?? (type === 'text[]' ? [] : null),
  );
}

/** What no two end users of an organization share: e-mail addresses, phone numbers, external ids. */
export const ADDRESS_INDEX = 'end_user_addresses_value';

/** What can be looked for to find an end user by. */
export type AddressKind = 'email' | 'phone' | 'externalId';

/** The fields that hold addresses. */
const ADDRESS_FIELDS = {
  email: 'email',
  additionalEmails: 'email',
  phoneNumber: 'phone',
  additionalPhoneNumbers: 'phone',
  externalId: 'externalId',
} as const satisfies Partial<Record<keyof EndUserFields, AddressKind>>;

/** An address, and where among a client's fields it is, such as `additionalEmails[1]`. */
export interface Address {
  field: keyof typeof ADDRESS_FIELDS;
  path: string;
  kind: AddressKind;
  value: string;
}

/** All addresses among the fields, always in the same order: two that write the same ones do not wait for each other. */
export function addressesOf(fields: Changes<EndUserFields>): Address[] {
  const addresses = Object.entries(ADDRESS_FIELDS).flatMap(([name, kind]) => {
    const field = name as Address['field'];
    const value = fields[field] ?? [];
    return typeof value === 'string'
      ? [{ field, path: field, kind, value }]
      : value.map((item, index) => ({ field, path: `${field}[${index}]`, kind, value: item }));
  });
  const key = ({ kind, value }: Address) => `${kind} ${value}`;
  return addresses.sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

const addressProjection: Projection<EndUserEvent> = {
  table: 'end_user_addresses',
  apply: ({ organizationId, type, data }) => {
    switch (type) {
      case 'EndUserCreated':
        return insertAddresses(organizationId, data.id, data.person ?? {});
      case 'EndUserUpdated': {
        const changes = data.changes ?? {};
        const fields = Object.keys(ADDRESS_FIELDS).filter((field) => field in changes);
        if (fields.length === 0) return [];
        const removal = {
          text: 'DELETE FROM end_user_addresses WHERE organization_id = $1 AND end_user_id = $2 AND field = ANY($3)',
          values: [organizationId, data.id, fields],
        };
        return [removal, ...insertAddresses(organizationId, data.id, changes)];
      }
      case 'EndUserAnonymized':
        return [
          {
            text: 'DELETE FROM end_user_addresses WHERE organization_id = $1 AND end_user_id = $2',
            values: [organizationId, data.id],
          },
        ];
      case 'EndUserCustomAttributesUpdated':
      case 'EndUserAnonymizationRequested':
        return [];
    }
  },
};

function insertAddresses(organizationId: string, id: string, fields: Changes<EndUserFields>): Statement[] {
  const addresses = addressesOf(fields);
  if (addresses.length === 0) return [];
  const columns = (['field', 'kind', 'value'] as const).map((column) => addresses.map((address) => address[column]));
  return [
    {
      text: `INSERT INTO end_user_addresses (organization_id, end_user_id, field, kind, value)
             SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[])`,
      values: [organizationId, id, ...columns],
    },
  ];
}

export const endUserStream: StreamDefinition<EndUser | undefined, EndUserEvent> = {
  category: 'endUser',
  types: {
    EndUserCreated: true,
    EndUserUpdated: true,
    EndUserCustomAttributesUpdated: true,
    EndUserAnonymizationRequested: true,
    EndUserAnonymized: true,
  },
  initialState: undefined,
  evolve: evolveEndUser,
  projections: [endUserProjection, addressProjection],
  personal: {
    EndUserCreated: ['person'],
    EndUserUpdated: ['changes'],
    EndUserCustomAttributesUpdated: ['values'],
  },
  forgetsWith: 'EndUserAnonymized',
};

/** A guard: the end user exists, and nobody has asked for its anonymization. A request that comes meanwhile waits. */
export function endUserIsOpen(organizationId: string, id: string): Statement {
  return {
    text: `SELECT guard(EXISTS (SELECT FROM end_users
             WHERE organization_id = $1 AND id = $2 AND anonymization_requested_at IS NULL FOR SHARE))`,
    values: [organizationId, id],
  };
}

/** A row of {@link requesterById}. */
export interface RequesterRow {
  id: string;
  displayName: string | null;
  email: string | null;
  phoneNumber: string | null;
  /** No conversation can begin with it any more. */
  anonymizationRequested: boolean;
}

/** Reads what conversations must know of an end user, as a {@link RequesterRow}; no row when there is none. */
export function requesterById(organizationId: string, id: string): Statement {
  return {
    text: `SELECT id, display_name AS "displayName", email, phone_number AS "phoneNumber",
             anonymization_requested_at IS NOT NULL AS "anonymizationRequested"
           FROM end_users WHERE organization_id = $1 AND id = $2`,
    values: [organizationId, id],
  };
}

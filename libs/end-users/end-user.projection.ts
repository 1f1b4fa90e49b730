import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { changedColumns } from '#libs/platform/changed-columns.js';
import { type Changes } from '#libs/platform/changes.js';
import { PERSON_COLUMN_OF } from '#libs/platform/person.js';
import { nameKey } from '#libs/platform/text.js';
import { addressProjection } from './end-user-addresses.projection.js';
import { attributeProjection } from './end-user-attributes.projection.js';
import { type EndUser, type EndUserEvent, type EndUserFields, evolveEndUser } from './end-user.js';
import { mergedProjection } from './merged-end-users.projection.js';

const COLUMNS = {
  ...PERSON_COLUMN_OF,
  externalId: ['external_id', 'text'],
  additionalExternalIds: ['additional_external_ids', 'text[]'],
} as const;

const INSERT = `INSERT INTO end_users (organization_id, id, updated_at, created_at, search_name, ${Object.values(
  COLUMNS,
)
  .map(([name]) => name)
  .join(', ')}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`;
const UPDATE = `UPDATE end_users SET ${changedColumns({ ...COLUMNS, searchName: ['search_name', 'text'] }, '$4')}, updated_at = $3
  WHERE organization_id = $1 AND id = $2`;
const UPDATE_VALUES = `UPDATE end_users
  SET custom_attributes = jsonb_strip_nulls(custom_attributes || $4::jsonb), updated_at = $3
  WHERE organization_id = $1 AND id = $2`;
const REQUEST = `UPDATE end_users SET anonymization_requested_at = $3, updated_at = $3
  WHERE organization_id = $1 AND id = $2`;
const SCRUB = `UPDATE end_users SET display_name = NULL, search_name = '', email = NULL, phone_number = NULL, additional_emails = '{}',
    additional_phone_numbers = '{}', first_name = NULL, last_name = NULL, middle_names = '{}', avatar_url = NULL,
    external_id = NULL, additional_external_ids = '{}', custom_attributes = '{}', anonymized_at = $3, updated_at = $3,
    anonymization_requested_at = coalesce(anonymization_requested_at, $3)
  WHERE organization_id = $1 AND id = $2`;
const DELETE = 'DELETE FROM end_users WHERE organization_id = $1 AND id = $2';

/** The read table of end users. Those who were merged into others are not in it. */
const endUserProjection: Projection<EndUserEvent> = {
  table: 'end_users',
  apply: (event) => {
    const { organizationId, recordedAt } = event;
    const { id } = event.data;
    const key = [organizationId, id];
    switch (event.type) {
      case 'EndUserCreated': {
        const { createdAt, person } = event.data;
        const values = [...key, recordedAt, createdAt, searchName(person?.displayName), ...valuesOf(person ?? {})];
        return [{ text: INSERT, values }];
      }
      case 'EndUserUpdated':
        return [{ text: UPDATE, values: [...key, recordedAt, withSearchName(event.data.changes)] }];
      case 'EndUserCustomAttributesUpdated':
        return [{ text: UPDATE_VALUES, values: [...key, recordedAt, event.data.values ?? {}] }];
      case 'EndUserMerged':
        return [
          { text: UPDATE, values: [...key, recordedAt, withSearchName(event.data.changes)] },
          { text: UPDATE_VALUES, values: [...key, recordedAt, event.data.values ?? {}] },
        ];
      case 'EndUserMergedInto':
        return [{ text: DELETE, values: key }];
      case 'EndUserAnonymizationRequested':
        return [{ text: REQUEST, values: [...key, recordedAt] }];
      case 'EndUserAnonymized':
        return [{ text: SCRUB, values: [...key, recordedAt] }];
    }
  },
};

/** What lists are sorted and searched by; never NULL. */
function searchName(displayName?: string | null): string {
  return nameKey(displayName ?? '');
}

function withSearchName(changes: Changes<EndUserFields> = {}) {
  return 'displayName' in changes ? { ...changes, searchName: searchName(changes.displayName) } : changes;
}

function valuesOf(person: Partial<EndUserFields>) {
  return Object.entries(COLUMNS).map(
    ([field, [, type]]) => person[field as keyof EndUserFields] ?? (type === 'text[]' ? [] : null),
  );
}

export const endUserStream: StreamDefinition<EndUser | undefined, EndUserEvent> = {
  category: 'endUser',
  types: {
    EndUserCreated: true,
    EndUserUpdated: true,
    EndUserCustomAttributesUpdated: true,
    EndUserMerged: true,
    EndUserMergedInto: true,
    EndUserAnonymizationRequested: true,
    EndUserAnonymized: true,
  },
  initialState: undefined,
  evolve: evolveEndUser,
  projections: [endUserProjection, addressProjection, attributeProjection, mergedProjection],
  personal: {
    EndUserCreated: ['person'],
    EndUserUpdated: ['changes'],
    EndUserCustomAttributesUpdated: ['values'],
    EndUserMerged: ['changes', 'values'],
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

/** Reads which of the ids are no end users', in their order, as `{id}`. */
export function missingEndUsers(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT id FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted(id, place)
           WHERE NOT EXISTS (SELECT FROM end_users u WHERE u.organization_id = $1 AND u.id = wanted.id)
           ORDER BY place`,
    values: [organizationId, ids],
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

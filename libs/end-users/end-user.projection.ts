import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { nameKey } from '#libs/platform/text.js';
import { addressPart } from './end-user-addresses.projection.js';
import { attributePart } from './end-user-attributes.projection.js';
import { decideEndUser, type EndUser, type EndUserCommand, type EndUserEvent, evolveEndUser } from './end-user.js';
import { mergedPart } from './merged-end-users.projection.js';
import { shownAlone } from './shown-end-user.js';

export const endUserStream: StreamDefinition<EndUser | undefined, EndUserEvent, EndUserCommand> = {
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
  shape: 1,
  creates: 'CreateEndUser',
  decide: decideEndUser,
  evolve: evolveEndUser,
  row: {
    table: 'end_users',
    isPresent: ({ mergedInto }) => mergedInto === undefined,
    shown: shownAlone,
    columns: {
      created_at: { of: ({ createdAt }) => createdAt, constant: true },
      updated_at: { of: (_, { recordedAt }) => recordedAt },
      // What lists are sorted and searched by; never NULL.
      search_name: { of: ({ displayName = '' }) => nameKey(displayName) },
      display_name: { of: ({ displayName }) => displayName },
      email: { of: ({ email }) => email },
      phone_number: { of: ({ phoneNumber }) => phoneNumber },
      anonymization: { of: ({ anonymization }) => anonymization },
    },
  },
  parts: [addressPart, attributePart, mergedPart],
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
             WHERE organization_id = $1 AND id = $2 AND anonymization IS NULL FOR SHARE))`,
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

/** Those of the ids that are end users', as `{id}`. */
export function endUsersAmong(organizationId: string, ids: string[]): Statement {
  return {
    text: 'SELECT id FROM end_users WHERE organization_id = $1 AND id = ANY($2)',
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
             anonymization IS NOT NULL AS "anonymizationRequested"
           FROM end_users WHERE organization_id = $1 AND id = $2`,
    values: [organizationId, id],
  };
}

import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type DomainError, notFound } from '#libs/platform/domain-error.js';
import { command } from '#libs/platform/messages.js';
import { mergedAway } from './end-user.rules.js';

/**
 * A guard: the end user exists and its anonymization has not been requested. A concurrent request waits for the commit.
 */
export function endUserIsOpen(organizationId: string, id: string): Statement {
  return {
    text: `SELECT guard(EXISTS (SELECT FROM end_users
             WHERE organization_id = $1 AND id = $2 AND anonymization IS NULL FOR SHARE))`,
    values: [organizationId, id],
  };
}

/** Reads those ids, in their order, that are not end users', as `{id}`. */
export function missingEndUsers(organizationId: string, ids: string[]): Statement {
  return {
    text: `SELECT id FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted(id, place)
           WHERE NOT EXISTS (SELECT FROM end_users u WHERE u.organization_id = $1 AND u.id = wanted.id)
           ORDER BY place`,
    values: [organizationId, ids],
  };
}

/** Reads those ids that are end users', as `{id}`. */
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
  /** Whether no conversation with the end user can begin any more. */
  anonymizationRequested: boolean;
}

/** Reads the fields of an end user that conversations need, as a {@link RequesterRow}; no row if there is none. */
export function requesterById(organizationId: string, id: string): Statement {
  return {
    text: `SELECT id, display_name AS "displayName", email, phone_number AS "phoneNumber",
             anonymization IS NOT NULL AS "anonymizationRequested"
           FROM end_users WHERE organization_id = $1 AND id = $2`,
    values: [organizationId, id],
  };
}

/**
 * Returns why an end user has no row: it never existed, or it was merged into another one. Takes one round trip.
 * @param entity the name for one that never existed
 */
export async function missingEndUser(
  database: Database,
  organizationId: string,
  id: string,
  entity = 'End user',
): Promise<DomainError> {
  const [merged] = await database.query<{ intoId: string }>(organizationId, {
    text: 'SELECT into_id AS "intoId" FROM merged_end_users WHERE organization_id = $1 AND id = $2',
    values: [organizationId, id],
  });
  return merged ? mergedAway(id, merged.intoId) : notFound(entity, id);
}

/** Reads the ids of all end users that were merged into this one, directly or indirectly. */
export function mergedInto(organizationId: string, id: string): Statement {
  return {
    text: `WITH RECURSIVE merged AS (
             SELECT id FROM merged_end_users WHERE organization_id = $1 AND into_id = $2
             UNION SELECT m.id FROM merged_end_users m JOIN merged ON m.into_id = merged.id WHERE m.organization_id = $1)
           SELECT id FROM merged ORDER BY id`,
    values: [organizationId, id],
  };
}

/** Merges an end user into another one. */
export class MergeEndUser extends command<{ context: WriteContext; id: string; intoId: string }>() {}

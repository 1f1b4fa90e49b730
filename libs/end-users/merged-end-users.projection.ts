import { type Part } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { type DomainError, notFound } from '#libs/platform/domain-error.js';
import { type EndUser, mergedAway } from './end-user.js';

/** The read table of end users who have become part of others. */
export const mergedPart: Part<EndUser | undefined> = {
  table: 'merged_end_users',
  change: ({ organizationId, id }, before, after) => {
    if (after?.mergedInto === before?.mergedInto) return [];
    return [
      {
        text: 'INSERT INTO merged_end_users (organization_id, id, into_id) VALUES ($1, $2, $3)',
        values: [organizationId, id, after?.mergedInto],
      },
    ];
  },
};

/**
 * Why there is no row of an end user: there never was one, or it was merged into another one. One round trip.
 * @param entity what to call one that never was
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

/** Reads the ids of all who have become part of an end user, directly or not. */
export function mergedInto(organizationId: string, id: string): Statement {
  return {
    text: `WITH RECURSIVE merged AS (
             SELECT id FROM merged_end_users WHERE organization_id = $1 AND into_id = $2
             UNION SELECT m.id FROM merged_end_users m JOIN merged ON m.into_id = merged.id WHERE m.organization_id = $1)
           SELECT id FROM merged ORDER BY id`,
    values: [organizationId, id],
  };
}

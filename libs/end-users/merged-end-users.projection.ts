import { type Part } from '#libs/event-store/stream-definition.js';
import { type EndUser } from './end-user.rules.js';

/** The read table of end users that were merged into others. */
export const mergedPart: Part<EndUser | undefined> = {
  table: 'merged_end_users',
  owner: 'id',
  isStable: true,
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

import { type Statement } from '#libs/database/batch.js';

/** A guard: writes that count what the organization has wait for one another. */
export function oneAtATime(organizationId: string): Statement {
  return {
    text: 'SELECT guard(EXISTS (SELECT FROM organizations WHERE organization_id = $1 FOR NO KEY UPDATE))',
    values: [organizationId],
  };
}

import { type Statement } from '#libs/database/batch.js';

/** A guard that serializes the organization's writes that count its entities. */
export function lockOrganization(organizationId: string): Statement {
  return {
    text: 'SELECT guard(EXISTS (SELECT FROM organizations WHERE organization_id = $1 FOR NO KEY UPDATE))',
    values: [organizationId],
  };
}

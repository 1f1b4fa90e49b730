import { type Statement } from '#libs/database/batch.js';
import { lockOrganization } from './organization-lock.published.js';

/** SQL for the number of an organization's rows in a table, counted up to `$2`. */
const countIn = (table: string) =>
  `(SELECT count(*) FROM (SELECT FROM ${table} WHERE organization_id = $1 LIMIT $2) AS existing)`;

/** Returns a query for the number of an organization's rows in a table, at most `most`: `{ count }`. */
export function countUpTo(table: string, organizationId: string, most: number): Statement {
  return { text: `SELECT ${countIn(table)} AS count`, values: [organizationId, most] };
}

/** Returns guards for at most `most` rows of an organization in a table. Simultaneous creations wait for one another. */
export function roomFor(table: string, organizationId: string, most: number): Statement[] {
  return [
    lockOrganization(organizationId),
    { text: `SELECT guard(${countIn(table)} < $2)`, values: [organizationId, most + 1] },
  ];
}

import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';

/** Returns the largest number of rows that a step of a plan reads and discards, for lack of an index. */
export async function rowsReadInVain(
  database: Database,
  organizationId: string,
  { text, values }: Statement,
): Promise<number> {
  const plan = await database.query<object>(organizationId, { text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values });
  const removed = JSON.stringify(plan).matchAll(/"Rows Removed by Filter":(\d+)/g);
  return Math.max(0, ...[...removed].map(([, count]) => Number(count)));
}

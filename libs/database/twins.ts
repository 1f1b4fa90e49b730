import { type Statement } from './batch.js';

/**
 * Returns a statement that deletes the last rows of an entity and the record of its twins: values that an earlier
 * version told apart and this one does not. If the entity remains, the record must remain, too, because a rebuild
 * replays all values that the entity ever had.
 */
export function forgettingTwins({ text, values }: Statement): Statement {
  return {
    text: `WITH gone AS (${text} RETURNING twin) DELETE FROM legacy_twins WHERE twin IN (SELECT twin FROM gone)`,
    values,
  };
}

/**
 * Returns SQL for the text that distinguishes a value from its twin; empty if it has none. Calling the function costs
 * more than inserting the row, so it is only called in a database that has twins. Arguments are SQL, too.
 */
export function twinOf(organization: string, entity: string, field: string, key: string): string {
  return `CASE WHEN EXISTS (SELECT FROM legacy_twins) THEN twin_of(${organization}, ${entity}, ${field}, ${key}) ELSE '' END`;
}

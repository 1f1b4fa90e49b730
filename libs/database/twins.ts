import { type Statement } from './batch.js';

/**
 * A statement that deletes what is left of an entity, and with that the record of its twins: values that differed from
 * others to an earlier version and do no longer. Of an entity that stays, the record must stay, too: a rebuild goes
 * through all the values that it ever had.
 */
export function forgettingTwins({ text, values }: Statement): Statement {
  return {
    text: `WITH gone AS (${text} RETURNING twin) DELETE FROM legacy_twins WHERE twin IN (SELECT twin FROM gone)`,
    values,
  };
}

/**
 * SQL for what sets a value apart from its twin; empty where it has none. To call the function costs more than to insert
 * the row, so it is only called in a database that has twins at all. Arguments are SQL, too.
 */
export function twinOf(organization: string, entity: string, field: string, key: string): string {
  return `CASE WHEN EXISTS (SELECT FROM legacy_twins) THEN twin_of(${organization}, ${entity}, ${field}, ${key}) ELSE '' END`;
}

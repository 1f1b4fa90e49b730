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

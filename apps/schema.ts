import { MIGRATIONS } from './migrations.js';

/** What a database says of its tables. */
export interface Applied {
  /** The names of the migrations that were applied. */
  migrations: string[];
}

/** SQL that returns {@link Applied}. */
export const APPLIED = 'SELECT ARRAY(SELECT name::text FROM migrations) AS migrations';

/** Returns what keeps this version from running on a database, and what to do about it; undefined if nothing does. */
export function faultOfSchema({ migrations }: Applied): string | undefined {
  const applied = new Set(migrations);
  const pending = MIGRATIONS.filter(({ name }) => !applied.has(name)).length;
  if (pending === 0) return undefined;
  const [what, them] = pending === 1 ? ['1 migration', 'it'] : [`${pending} migrations`, 'them'];
  return `The database lacks ${what}. Apply ${them} with: npm run migrate`;
}

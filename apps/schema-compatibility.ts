import { gte } from 'semver';
import { MIGRATIONS } from './migrations.js';
import { VERSION } from './product.js';

/** A migration that was applied to a database. */
export interface Applied {
  name: string;
  /** The oldest version that works with the tables after this migration; null if the database does not say. */
  oldestVersion: string | null;
}

/** SQL that returns the applied migrations. Earlier versions did not create the column. */
export const APPLIED = `SELECT name, to_jsonb(migrations) ->> 'oldest_version' AS "oldestVersion" FROM migrations`;

/** Returns why this version cannot run on a database, and what to do about it; undefined if it can. */
export function faultOfSchema(applied: Applied[]): string | undefined {
  return faultOfNewer(applied) ?? faultOfOlder(applied);
}

/** Returns the fault of a database that a newer version has migrated so that this version does not work on it. */
export function faultOfNewer(applied: Applied[]): string | undefined {
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const unknown = applied.filter(({ name }) => !known.has(name));
  const barring = unknown.find(({ oldestVersion }) => oldestVersion === null || !gte(VERSION, oldestVersion));
  if (!barring) return undefined;
  const needed = barring.oldestVersion === null ? 'the version that applied it' : `${barring.oldestVersion} or newer`;
  return `The database is newer than this version, ${VERSION}: its migration ${barring.name} needs ${needed}. Start that, or restore the backup from before the update.`;
}

function faultOfOlder(applied: Applied[]): string | undefined {
  const names = new Set(applied.map(({ name }) => name));
  const pending = MIGRATIONS.filter(({ name }) => !names.has(name)).length;
  if (pending === 0) return undefined;
  const [what, them] = pending === 1 ? ['1 migration', 'it'] : [`${pending} migrations`, 'them'];
  return `The database lacks ${what}. Apply ${them} with: npm run migrate`;
}

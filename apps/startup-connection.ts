import pg from 'pg';
import { type DatabaseRole, refusesOptions, survive } from '#libs/database/connections.js';
import { asUnavailable } from '#libs/database/unavailable.js';
import { reasonOf } from '#libs/platform/reason.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type Config } from './config.js';

/** Poolers refuse the options of a session that several connections share, or drop them. */
const OWN_SESSION = '-c app.session=own';

/** Reports that the database was, or became, unreachable during a step. */
export class DatabaseUnreachable extends StartupError {}

/** @throws {StartupError} when the workers' login leads to a standby or a pooler */
export async function checkWorkerLogin({ databaseWorkerUrl }: Config): Promise<void> {
  if (databaseWorkerUrl) await requireOwnSession(databaseWorkerUrl);
}

/** @throws {StartupError} when the database is read-only there, or behind a pooler */
export async function requireOwnSession(url: string): Promise<void> {
  await withClient(url, undefined, () => Promise.resolve());
}

/**
 * Runs a step of a start on a connection of its own.
 * @param role that the connection takes on
 * @throws {StartupError} when the database is a standby, or behind a pooler
 * @throws {DatabaseUnreachable} when it is, or becomes, unreachable
 */
export async function withClient<T>(
  url: string,
  role: DatabaseRole | undefined,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const options = role ? `${OWN_SESSION} -c role=${role}` : OWN_SESSION;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, options });
  survive(client);
  try {
    await client.connect().catch((error: unknown) => {
      throw refusesOptions(error) ? pooled(url) : unreachable(url, error);
    });
    const { rows } = await client.query<{ standby: boolean; own: boolean }>(
      `SELECT pg_is_in_recovery() AS standby, current_setting('app.session', true) IS NOT NULL AS own`,
    );
    if (!rows[0]?.own) throw pooled(url);
    if (rows[0].standby) throw standby(url);
    return await work(client);
  } catch (error) {
    throw error instanceof StartupError || asUnavailable(error) === error ? error : unreachable(url, error);
  } finally {
    await client.end();
  }
}

function unreachable(url: string, cause: unknown): StartupError {
  const { host, pathname } = new URL(url);
  return new DatabaseUnreachable(
    `The database ${pathname.slice(1)} at ${host} cannot be reached (${reasonOf(cause)}). Check DATABASE_URL and that the server is up.`,
    { cause },
  );
}

function standby(url: string): StartupError {
  const { host, pathname } = new URL(url);
  return new StartupError(
    `The database ${pathname.slice(1)} at ${host} is a standby, which accepts no changes. Set DATABASE_URL to the primary.`,
  );
}

function pooled(url: string): StartupError {
  const { host, pathname } = new URL(url);
  return new StartupError(
    `The database ${pathname.slice(1)} at ${host} is behind a pooler. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself.`,
  );
}

/** @throws {StartupError} for processes that cannot start a database themselves */
export function requireDatabaseUrl({ databaseUrl }: Config): string {
  if (!databaseUrl) throw new StartupError('Set DATABASE_URL. (npm start brings its own database.)');
  return databaseUrl;
}

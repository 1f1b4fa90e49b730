import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { migrateJobs } from '#libs/background/jobs.js';
import { type DatabaseRole, refusesOptions, survive } from '#libs/database/connections.js';
import { type Database } from '#libs/database/database.js';
import { asUnavailable } from '#libs/database/unavailable.js';
import { type EventStore } from '#libs/event-store/event-store.js';
import { IssueApiToken, IssueApiTokenHandler } from '#libs/organizations/api-tokens.handlers.js';
import { CreateOrganization, CreateOrganizationHandler } from '#libs/organizations/organizations.handlers.js';
import { Cipher } from '#libs/platform/cipher.js';
import { applyMigrations } from './apply-migrations.js';
import { type Config } from './config.js';
import { reasonOf } from '#libs/platform/reason.js';
import { readOrCreateSecret } from '#libs/platform/secret-file.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { DELIVERIES_QUEUE } from '#libs/webhooks/delivery/draining/drain-scheduler.js';
import { OLDEST_VERSION } from './migrations.js';
import { APPLIED, type Applied, faultOfNewer, faultOfSchema } from './schema.js';

/** The URLs of the database, by role. */
export interface InstallationUrls {
  /** URL of the owner of everything, for migrations. */
  ownerUrl: string;
  /** URL of the login that takes on `deskstream_app`. */
  appUrl: string;
  /** URL of the login that takes on `deskstream_worker`; that of `appUrl` unless given. */
  workerUrl?: string;
}

/** The tools for an installation whose database is open. */
export interface Tools {
  database: Database;
  store: EventStore;
}

/** All BullMQ queues. */
export const QUEUES = [DELIVERIES_QUEUE];

const KEY_CHECK = 'deskstream';
const KEY_CONTEXT = 'installation';
/** Poolers refuse the options of a session that several connections share, or drop them. */
const OWN_SESSION = '-c app.session=own';
const UNDEFINED_TABLE = '42P01';
const UNKNOWN_ROLE = '22023';

/** Reports that the database was, or became, unreachable during a step. */
export class DatabaseUnreachable extends StartupError {}

/**
 * Migrates the database's tables, as their owner, and ensures that the application's logins exist: one for both roles,
 * or one for each when the worker has a URL of its own.
 * @param report receives how far a migration of a large table has come
 */
export async function migrate(
  { ownerUrl, appUrl, workerUrl = appUrl }: InstallationUrls,
  report: (progress: string) => void = () => undefined,
): Promise<string[]> {
  return withClient(ownerUrl, undefined, async (client) => {
    await refuseNewer(client);
    const applied = await applyMigrations(ownerUrl, report);
    await client.query('ALTER TABLE migrations ADD COLUMN IF NOT EXISTS oldest_version text');
    await client.query('UPDATE migrations SET oldest_version = $1 WHERE oldest_version IS NULL', [OLDEST_VERSION]);
    await client.query('GRANT SELECT ON migrations TO deskstream_app, deskstream_worker');
    await migrateJobs(client, QUEUES);
    await ensureLogin(client, new URL(appUrl), { app: true, worker: workerUrl === appUrl });
    if (workerUrl !== appUrl) await ensureLogin(client, new URL(workerUrl), { app: false, worker: true });
    return applied;
  });
}

/** @throws {StartupError} when a newer version has migrated the database so that this one does not work on it */
async function refuseNewer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(`SELECT to_regclass('migrations') IS NOT NULL AS exists`);
  if (rows[0]?.exists) refuse(faultOfNewer((await client.query<Applied>(APPLIED)).rows));
}

/**
 * Sets a database up while no other process does. The lock is that of a connection of its own, and is tried for:
 * an index that is built concurrently would wait for a statement that waits for the lock.
 */
export async function aloneOn<T>(ownerUrl: string, work: () => Promise<T>): Promise<T> {
  return withClient(ownerUrl, undefined, async (client) => {
    while (!(await triedLock(client))) await pause(LOCK_PAUSE_MS);
    return work();
  });
}

/** Two numbers, unlike the locks of writers. */
const SETUP_LOCK = "SELECT pg_try_advisory_lock(hashtext('deskstream'), hashtext('setup')) AS taken";
const LOCK_PAUSE_MS = 200;

async function triedLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(SETUP_LOCK);
  return rows[0]?.taken === true;
}

/** @throws {StartupError} when the tables are not those that this version needs, or cannot be changed */
export async function checkMigrations(url: string): Promise<void> {
  try {
    const { rows } = await withClient(url, 'deskstream_app', (client) => client.query<Applied>(APPLIED));
    refuse(faultOfSchema(rows));
  } catch (error) {
    const { code } = ((error as Error).cause ?? error) as { code?: string };
    if (code === UNKNOWN_ROLE || code === UNDEFINED_TABLE) refuse(faultOfSchema([]));
    throw error;
  }
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new StartupError(fault);
}

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
async function withClient<T>(
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
    `The database ${pathname.slice(1)} at ${host} is a standby, which takes no changes. Set DATABASE_URL to the primary.`,
  );
}

function pooled(url: string): StartupError {
  const { host, pathname } = new URL(url);
  return new StartupError(
    `The database ${pathname.slice(1)} at ${host} is behind a pooler. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself.`,
  );
}

/** Ensures a login without rights of its own: it has those of the roles that it may take on. */
async function ensureLogin(
  client: pg.Client,
  { username, password }: URL,
  may: { app: boolean; worker: boolean },
): Promise<void> {
  const [name, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  const { rows } = await client.query<{ create: string; exists: boolean; name: string }>(
    `SELECT format('CREATE ROLE %I LOGIN NOINHERIT PASSWORD %L', $1::text, $2::text) AS create,
            format('%I', $1::text) AS name, EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS exists`,
    [name, secret],
  );
  const [login] = rows as [(typeof rows)[number]];
  if (!login.exists) await client.query(login.create);
  for (const [role, granted] of [
    ['deskstream_app', may.app],
    ['deskstream_worker', may.worker],
  ] as const) {
    await client.query(granted ? `GRANT ${role} TO ${login.name}` : `REVOKE ${role} FROM ${login.name}`);
  }
}

/**
 * Returns the installation's cipher. The key comes from the configuration or from a file in the data directory, which
 * is created with the installation; a database that was set up with another key is refused.
 * @param create sets up a new installation, as the database's owner; false for processes that only use one
 */
export async function openCipher(config: Config, url: string, create: boolean): Promise<Cipher> {
  return withClient(url, create ? undefined : 'deskstream_app', async (client) => {
    const { rows } = await client.query<{ key_check: string }>('SELECT key_check FROM installation');
    if (!rows[0] && !create) throw notSetUp();
    const cipher = new Cipher(await masterKey(config, !rows[0]));
    if (rows[0]) verifyKey(cipher, rows[0].key_check, config);
    else await client.query('INSERT INTO installation (key_check) VALUES ($1)', [cipher.seal(KEY_CHECK, KEY_CONTEXT)]);
    return cipher;
  });
}

function notSetUp(): StartupError {
  return new StartupError('The database has not been set up. Do so with: npm run migrate');
}

async function masterKey({ masterKey, dataDir }: Config, mayCreate: boolean): Promise<Buffer> {
  if (masterKey) return Buffer.from(masterKey, 'hex');
  const file = join(dataDir, 'master.key');
  const make = () => {
    if (!mayCreate) throw new StartupError(`The master key is missing. Restore ${file}, or set DESKSTREAM_MASTER_KEY.`);
    return randomBytes(32).toString('hex');
  };
  const key = (await readOrCreateSecret(file, make)).trim();
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new StartupError(`The master key in ${file} is damaged. Restore that file.`);
  return Buffer.from(key, 'hex');
}

function verifyKey(cipher: Cipher, check: string, { masterKey, dataDir }: Config): void {
  try {
    cipher.open(check, KEY_CONTEXT);
  } catch {
    const source = masterKey ? 'DESKSTREAM_MASTER_KEY' : join(dataDir, 'master.key');
    throw new StartupError(`The master key in ${source} is not the one that this database was set up with.`);
  }
}

/** Returns the administrator of the demo organization, of which each installation has one. */
export async function demoAdministrator(url: string): Promise<{ organizationId: string; actorId: string }> {
  return withClient(url, 'deskstream_app', async (client) => {
    const { rows } = await client.query<{ organizationId: string; actorId: string }>(
      'SELECT demo_organization_id AS "organizationId", demo_administrator_id AS "actorId" FROM installation',
    );
    if (!rows[0]) throw notSetUp();
    return rows[0];
  });
}

/**
 * Creates the demo organization and its first token, each unless it exists, so that the next start completes an
 * interrupted one. Returns the token only when it was issued just now.
 */
export async function bootstrap(url: string, tools: Tools, chosenToken?: string): Promise<string | undefined> {
  const { database, store } = tools;
  const { organizationId, actorId } = await demoAdministrator(url);
  const [made] = await database.query<{ organization: boolean; token: boolean }>(organizationId, {
    text: `SELECT EXISTS (SELECT FROM organizations WHERE organization_id = $1) AS organization,
             EXISTS (SELECT FROM api_tokens WHERE organization_id = $1) AS token`,
    values: [organizationId],
  });
  if (!made?.organization) {
    await new CreateOrganizationHandler(store).execute(
      new CreateOrganization({ id: organizationId, name: 'Demo', actorId }),
    );
  }
  if (made?.token) return undefined;
  const choices = { name: 'Demo administrator', scopes: ['admin' as const] };
  const issue = new IssueApiToken({
    context: { organizationId, actorId },
    choices,
    granted: ['admin'],
    secret: chosenToken,
  });
  return (await new IssueApiTokenHandler(store, database).execute(issue)).secret;
}

/** @throws {StartupError} for processes that cannot start a database themselves */
export function requireDatabaseUrl({ databaseUrl }: Config): string {
  if (!databaseUrl) throw new StartupError('Set DATABASE_URL. (npm start brings its own database.)');
  return databaseUrl;
}

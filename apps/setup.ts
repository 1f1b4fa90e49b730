import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { migrateJobs } from '#libs/background/jobs.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { DELIVERIES_QUEUE } from '#libs/webhooks/delivery/draining/drain-scheduler.js';
import { applyMigrations } from './apply-migrations.js';
import { OLDEST_VERSION } from './migrations.js';
import { APPLIED, type Applied, faultOfNewer, faultOfSchema } from './schema-compatibility.js';
import { withClient } from './startup-connection.js';

/** The URLs of the database, by role. */
export interface InstallationUrls {
  /** URL of the owner of everything, for migrations. */
  ownerUrl: string;
  /** URL of the login that takes on `deskstream_app`. */
  appUrl: string;
  /** URL of the login that takes on `deskstream_worker`; that of `appUrl` unless given. */
  workerUrl?: string;
}

/** All BullMQ queues. */
export const QUEUES = [DELIVERIES_QUEUE];

const UNDEFINED_TABLE = '42P01';
const UNKNOWN_ROLE = '22023';

/**
 * Migrates the database's tables, as their owner, and creates the application's logins if they do not exist: one for both
 * roles, or one for each when the worker has its own URL.
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
 * Runs work while no other process sets up the database. Tries to take the lock again and again instead of waiting for
 * it: an index that is built concurrently would wait for the waiting statement.
 */
export async function withSetupLock<T>(ownerUrl: string, work: () => Promise<T>): Promise<T> {
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

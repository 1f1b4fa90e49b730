import { stat, statfs } from 'node:fs/promises';
import { leftRebuilds } from '#libs/event-store/rebuild.js';
import { AddressResolver } from '#libs/webhooks/delivery/sending/address-resolver.js';
import { type Config, loadConfig } from '../config.js';
import { type InstallationUrls } from '../setup.js';
import { check, type Check, report, skipped } from './checks.js';
import { parsed } from './command.js';
import { findDatabase } from './find-database.js';
import { checkReplica } from './replica-check.js';
import { databaseVersion, migrationsApplied, poolerInBetween, redisAnswers, withLogin } from './service-checks.js';

/** A command that works on a configuration that may be wrong. */
export interface Diagnosis {
  usage: string[];
  /** Returns false if it found a problem. */
  diagnose: (env: NodeJS.ProcessEnv, args: string[]) => Promise<boolean>;
}

/** A larger difference of the clocks makes times in responses wrong. */
const MAX_SKEW_MS = 2_000;
/** Less free space than this is a problem. */
const MIN_FREE_BYTES = 2 ** 30;
const REQUEST_MS = 10_000;

export const doctor: Diagnosis = {
  usage: [
    'doctor [--url <https-address>] [--json]',
    '                        check the configuration and its services; with --url also DNS and a request to that address',
  ],
  diagnose: async (env, args) => {
    const { values } = parsed(args, { json: { type: 'boolean', default: false }, url: { type: 'string' } });
    let config: Config | undefined;
    const configuration = await check('configuration', () => {
      config = loadConfig(env);
      return Promise.resolve('is valid');
    });
    const others = config ? await checksOf(config, values.url) : [];
    return report([configuration, ...others], values.json);
  },
};

async function checksOf(config: Config, url: string | undefined): Promise<Check[]> {
  const { redisUrl, dataDir, webhooks } = config;
  let urls: InstallationUrls | undefined;
  const found = await check('database', async () => {
    urls = await findDatabase(config);
    return databaseVersion(urls.appUrl);
  });
  return [
    found,
    ...(urls && found.state === 'ok'
      ? [...(await ofDatabase(urls, config)), await checkReplica(config, urls.appUrl)]
      : []),
    redisUrl ? await check('redis', () => redisAnswers(redisUrl)) : skipped('redis', 'is not configured'),
    await check('disk', () => freeSpace(dataDir)),
    ...(url === undefined
      ? [skipped('outgoing', 'name an address with --url')]
      : await outgoing(url, webhooks.dnsServers)),
  ];
}

async function ofDatabase(
  { appUrl, ownerUrl, workerUrl = appUrl }: InstallationUrls,
  config: Config,
): Promise<Check[]> {
  return [
    await check('pooler', () => poolerInBetween(appUrl, config)),
    await check('owner rights', () => ownerRights(ownerUrl)),
    await check('migrations', () => migrationsApplied(appUrl)),
    await check('rebuilds', () => noneLeft(appUrl)),
    await check('api role', () => mayTakeOn(appUrl, 'deskstream_app')),
    await check('worker role', () => mayTakeOn(workerUrl, 'deskstream_worker')),
    await check('clock', () => skew(appUrl)),
  ];
}

async function ownerRights(url: string): Promise<string> {
  const { rows } = await withLogin(url, (client) =>
    client.query<{ name: string; may: boolean }>(
      `SELECT current_user AS name, has_schema_privilege('public', 'CREATE') AS may`,
    ),
  );
  if (!rows[0]?.may) throw new Error(`${rows[0]?.name} may not create tables: check DATABASE_OWNER_URL`);
  return `${rows[0].name} may migrate`;
}

async function noneLeft(url: string): Promise<string> {
  const [left] = await withLogin(url, leftRebuilds);
  if (!left) return 'none was interrupted';
  throw new Error(
    `that of ${left.table} was interrupted, and ${left.schema} keeps what it has filled, also of persons. ` +
      `End it: npm run cli -- rebuild ${left.table}. Or give it up: DROP SCHEMA ${left.schema} CASCADE`,
  );
}

async function mayTakeOn(url: string, role: string): Promise<string> {
  const { rows } = await withLogin(url, (client) =>
    client.query<{ name: string; may: boolean }>(
      `SELECT current_user AS name, coalesce((SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = $1), false) AS may`,
      [role],
    ),
  );
  if (!rows[0]?.may) throw new Error(`${rows[0]?.name} may not take on ${role}: run migrate`);
  return `${rows[0].name} may take on ${role}`;
}

/** Compares the database's clock with the middle of the query. */
async function skew(url: string): Promise<string> {
  return withLogin(url, async (client) => {
    const before = Date.now();
    const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    const ms = (rows[0]?.now.getTime() ?? NaN) - (before + Date.now()) / 2;
    const finding = `this machine and the database differ by ${Math.abs(Math.round(ms))} ms`;
    if (!(Math.abs(ms) <= MAX_SKEW_MS)) throw new Error(`${finding}: synchronize both with NTP`);
    return finding;
  });
}

async function freeSpace(dataDir: string): Promise<string> {
  const exists = await stat(dataDir).then(
    () => true,
    () => false,
  );
  const { bavail, bsize } = await statfs(exists ? dataDir : '.');
  const free = bavail * bsize;
  const finding = `${(free / 2 ** 30).toFixed(1)} GiB are free in ${exists ? dataDir : 'this folder'}`;
  if (free < MIN_FREE_BYTES) throw new Error(`${finding}: free at least 1`);
  return finding;
}

async function outgoing(url: string, dnsServers: readonly string[]): Promise<Check[]> {
  return [
    await check('dns', async () => {
      const { hostname } = new URL(url);
      return `${hostname} is ${(await new AddressResolver(dnsServers).addressesOf(hostname)).join(', ')}`;
    }),
    await check('https', async () => {
      const { status } = await fetch(url, {
        method: 'HEAD',
        redirect: 'manual',
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      return `${url} answers ${status}`;
    }),
  ];
}

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { askedAt } from '#libs/testing/connections.js';
import { newDataDir } from '#libs/testing/data-dir.js';
import { type Config } from '#apps/config.js';
import { type TestDatabase } from '#libs/testing/test-database.js';
import { ApiClient } from './api-client.js';
import { launch, type Launched } from './launch.js';
import { UNLIMITED } from './unlimited.js';

/** A Deskstream with separate roles and its own PostgreSQL: the API always runs, workers are started and stopped. */
export interface Installation {
  dataDir: string;
  database: Pick<TestDatabase, 'ownerUrl' | 'sql'>;
  runtime: { config: Pick<Config, 'redisUrl'> };
  api: ApiClient;
  /** Starts a further worker, and waits until it runs. */
  startWorker(env?: NodeJS.ProcessEnv): Promise<Launched>;
  /** Stops all workers in order. */
  stopWorkers(): Promise<void>;
  /** Ends all processes of the installation, and removes it. */
  remove(): Promise<void>;
}

/** The base of a Deskstream before any role runs: its own, migrated PostgreSQL, and the variables to reach it. */
export interface Ground extends Pick<Installation, 'dataDir' | 'database'> {
  /** The variables of all processes, except where an API listens. */
  variables: NodeJS.ProcessEnv;
  token: string;
  remove: () => Promise<void>;
}

/** The URLs of a database, by login. */
type Urls = Pick<EmbeddedPostgres, 'ownerUrl' | 'appUrl'>;

/** @param env further variables of all processes */
export async function prepareGround(env: NodeJS.ProcessEnv = {}): Promise<Ground> {
  const dataDir = await newDataDir();
  const postgres = await startEmbeddedPostgres({ dataDir });
  const { remove, ...ground } = await groundOn(dataDir, postgres, env);
  return {
    ...ground,
    remove: async () => {
      await postgres.stop();
      await remove();
    },
  };
}

/**
 * Migrates a database that others start and stop.
 * @param env further variables of all processes
 */
export async function groundOn(dataDir: string, { ownerUrl, appUrl }: Urls, env: NodeJS.ProcessEnv): Promise<Ground> {
  const token = randomBytes(32).toString('hex');
  const variables = {
    HOST: '127.0.0.1',
    DATABASE_URL: appUrl,
    DATABASE_OWNER_URL: ownerUrl,
    DESKSTREAM_DATA_DIR: dataDir,
    DESKSTREAM_BOOTSTRAP_TOKEN: token,
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    REDIS_URL: process.env.TEST_REDIS_URL,
    ...UNLIMITED,
    ...env,
  };
  const migration = launch(['dist/apps/cli/main.js', 'migrate'], variables);
  if ((await migration.end()) !== 0) throw new Error(migration.output());
  const owner = askedAt(ownerUrl);
  return {
    dataDir,
    database: { ownerUrl, sql: owner.sql },
    variables,
    token,
    remove: async () => {
      await owner.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** @param env further variables of all processes */
export async function startInstallation(env: NodeJS.ProcessEnv = {}): Promise<Installation> {
  const { variables, token, remove, ...ground } = await prepareGround(env);
  const port = await freePort();
  const server = launch(['dist/apps/api/main.js'], { ...variables, PORT: String(port) });
  await server.told(/The API is served/);
  const workers: Launched[] = [];
  const endWorkers = (signal: NodeJS.Signals) => Promise.all(workers.splice(0).map((worker) => worker.end(signal)));
  return {
    ...ground,
    runtime: { config: { redisUrl: variables.REDIS_URL } },
    api: new ApiClient(`http://127.0.0.1:${port}`, token),
    startWorker: async (more) => {
      const worker = launch(['dist/apps/worker/main.js'], { ...variables, ...more });
      workers.push(worker);
      await worker.told(/The worker is running/);
      return worker;
    },
    stopWorkers: async () => {
      await endWorkers('SIGTERM');
    },
    remove: async () => {
      await endWorkers('SIGKILL');
      await server.end('SIGTERM');
      await remove();
    },
  };
}

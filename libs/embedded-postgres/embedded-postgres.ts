import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { StartupError } from '#libs/platform/startup-error.js';
import { findBinaries, identityFor, run } from './binaries.js';
import { initialise, prepare, start, START_SECONDS } from './cluster.js';
import { DATABASE, type DatabaseUrls, type Listening, urlsFor, withDatabase } from './database-urls.js';
import { freePort, runningServer } from './listening.js';

export { type DatabaseUrls, withDatabase } from './database-urls.js';
export { freePort } from './listening.js';

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres extends DatabaseUrls {
  /** Stops the server; call it once its clients are done. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Absolute path; created if missing. */
  dataDir: string;
  /** Settings of postgresql.conf, such as `fsync=off` for tests. */
  settings?: string[];
  /** Called when a server that died could not be restarted at once; restarts go on until one succeeds. */
  onTrouble?: (error: Error) => void;
}

/** Lock that a connection holds while an instance lives, so it ends however the instance ends. */
const INSTANCE_LOCK = 0x4453_0001;
/** Maximum number of starts: a server that dies during its start is started again. */
const START_ATTEMPTS = 3;
const WRONG_PASSWORD = '28P01';
/** Errors without a server; a socket may have no file. */
const NOBODY_LISTENS = ['ECONNREFUSED', 'ENOENT'];
/** Maximum time of refused connections: a server listens at once, even during recovery. */
const REFUSED_MS = 3_000;
/** Maximum time for which a server keeps the connection of a killed instance. */
const TAKEOVER_MS = 3_000;
const REVIVE_PAUSE_MS = 500;

/**
 * Starts the PostgreSQL of a data directory, or takes over one that a killed instance left running. If the server dies
 * while the instance lives, it is restarted on the same port.
 * @throws {StartupError} when the directory cannot be used, or is in use by another instance
 */
export async function startEmbeddedPostgres({
  dataDir,
  settings = [],
  onTrouble = () => undefined,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const cluster = join(dataDir, 'postgres');
  const credentials = await prepare(dataDir);
  const identity = await identityFor(cluster);
  await initialise(binaries, identity, dataDir, credentials);
  const startOn = (port: number) => start(binaries, identity, cluster, port, settings);
  let server: Listening = { port: await freePort() };
  const running = async () => (await runningServer(cluster)) ?? (await startOn(server.port));

  let stopping = false;
  let lock: pg.Client;
  let reviving: Promise<void> | undefined;
  const hold = async () => {
    lock = await takeInstanceLock(urlsFor(server, credentials).ownerUrl, dataDir);
    await createDatabase(lock);
    lock.once('end', () => {
      reviving = revive();
    });
  };
  const revive = async () => {
    while (!stopping) {
      try {
        await running();
        await hold();
        return;
      } catch (error) {
        onTrouble(error as Error);
        await pause(REVIVE_PAUSE_MS);
      }
    }
  };
  const begin = async () => {
    server = await running();
    await hold();
  };
  await outliving(begin, () => runningServer(cluster));
  return {
    ...urlsFor(server, credentials),
    stop: async () => {
      stopping = true;
      await reviving;
      await lock.end();
      if ((await runningServer(cluster)) === undefined) return;
      await run(identity, binaries.pg_ctl, ['stop', '-D', cluster, '-m', 'fast', '-w']);
    },
  };
}

/** Repeats work that fails, unless a running server refuses it. */
async function outliving(work: () => Promise<void>, running: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      const refused = error instanceof StartupError && (await running()) !== undefined;
      if (refused || attempt === START_ATTEMPTS) throw error;
      await pause(REVIVE_PAUSE_MS);
    }
  }
}

/** Returns the URLs of a running server, for the command line. */
export async function runningEmbeddedPostgres(dataDir: string): Promise<DatabaseUrls | undefined> {
  const server = await runningServer(join(dataDir, 'postgres'));
  return server && urlsFor(server, await prepare(dataDir));
}

/** Connects; waits while the server recovers. */
async function connect(url: string): Promise<pg.Client> {
  const refusedUntil = Date.now() + REFUSED_MS;
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === WRONG_PASSWORD) {
        throw new StartupError(
          'The passwords in database.json are not those of the database in the same folder. Restore that file.',
        );
      }
      if (Date.now() > (code && NOBODY_LISTENS.includes(code) ? refusedUntil : deadline))
        throw new StartupError(`PostgreSQL does not answer: ${(error as Error).message}`);
      await pause(100);
    }
  }
}

async function createDatabase(owner: pg.Client): Promise<void> {
  const { rowCount } = await owner.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rowCount === 0) await owner.query(`CREATE DATABASE ${DATABASE}`);
}

async function takeInstanceLock(ownerUrl: string, dataDir: string): Promise<pg.Client> {
  const client = await connect(withDatabase(ownerUrl, 'postgres'));
  const deadline = Date.now() + TAKEOVER_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      INSTANCE_LOCK,
    ]);
    if (rows[0]?.taken) return client;
    if (Date.now() > deadline) {
      await client.end();
      throw new StartupError(
        `The data directory ${dataDir} is in use by another instance. Stop that one, or set DESKSTREAM_DATA_DIR to another.`,
      );
    }
    await pause(100);
  }
}

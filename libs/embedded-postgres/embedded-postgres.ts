import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, readlink, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { reasonOf } from '#libs/platform/reason.js';
import { readOrCreateSecret } from '#libs/platform/secret-file.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type Binaries, findBinaries, type Identity, identityFor, run } from './binaries.js';

/** How to reach a database. */
export interface DatabaseUrls {
  /** As the owner of everything, for migrations. */
  ownerUrl: string;
  /** As the login that the application uses. Migrations create it. */
  appUrl: string;
}

/** A running PostgreSQL of our own. */
export interface EmbeddedPostgres extends DatabaseUrls {
  /** Stops the server, once its clients are done. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Absolute path; made when missing. */
  dataDir: string;
  /** Settings of postgresql.conf, such as `fsync=off` for tests. */
  settings?: string[];
  /** Told when a server that died could not be started again at once; it is tried until it succeeds. */
  onTrouble?: (error: Error) => void;
}

interface Credentials {
  ownerPassword: string;
  appPassword: string;
}

const OWNER = 'deskstream_owner';
const APP = 'deskstream';
const DATABASE = 'deskstream';
/** Held on a connection for as long as an instance lives: ends with it, however it ends. */
const INSTANCE_LOCK = 0x4453_0001;
const START_SECONDS = 60;
/** A server that dies while it is being started is started again. */
const START_ATTEMPTS = 3;
const WRONG_PASSWORD = '28P01';
const NOBODY_LISTENS = 'ECONNREFUSED';
/** A server listens from its first moment, also while it recovers. */
const REFUSED_MS = 3_000;
/** How long a server may still believe in the connection of an instance that was killed. */
const TAKEOVER_MS = 3_000;
const REVIVE_PAUSE_MS = 500;
/** What PostgreSQL says while processes of a server that was killed still run, and how long that may take. */
const REMAINS = 'shared memory block';
const REMAINS_MS = 20_000;

/**
 * Starts the PostgreSQL of a data directory, or takes over one that a killed instance left running. Should the server
 * die while the instance lives, it is started again on the same port.
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
  let port = await freePort();
  const running = async () => (await runningPort(cluster)) ?? (await startOn(port));

  let stopping = false;
  let lock: pg.Client;
  let reviving: Promise<void> | undefined;
  const hold = async () => {
    lock = await takeInstanceLock(urlsFor(port, credentials).ownerUrl, dataDir);
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
    port = await running();
    await hold();
  };
  await outliving(begin, () => runningPort(cluster));
  return {
    ...urlsFor(port, credentials),
    stop: async () => {
      stopping = true;
      await reviving;
      await lock.end();
      if ((await runningPort(cluster)) === undefined) return;
      await run(identity, binaries.pg_ctl, ['stop', '-D', cluster, '-m', 'fast', '-w']);
    },
  };
}

/** Does it again when the server has died meanwhile; what a server that lives is refused for would be refused again. */
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

/** The URLs of a server that is running already, for the command line beside it. */
export async function runningEmbeddedPostgres(dataDir: string): Promise<DatabaseUrls | undefined> {
  const port = await runningPort(join(dataDir, 'postgres'));
  return port === undefined ? undefined : urlsFor(port, await prepare(dataDir));
}

function urlsFor(port: number, { ownerPassword, appPassword }: Credentials): DatabaseUrls {
  const url = (user: string, password: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${DATABASE}`;
  return { ownerUrl: url(OWNER, ownerPassword), appUrl: url(APP, appPassword) };
}

/** The passwords, made on first use. */
async function prepare(dataDir: string): Promise<Credentials> {
  const file = join(dataDir, 'database.json');
  try {
    const make = () => JSON.stringify({ ownerPassword: newPassword(), appPassword: newPassword() });
    return JSON.parse(await readOrCreateSecret(file, make)) as Credentials;
  } catch (error) {
    if (error instanceof SyntaxError) throw new StartupError(`${file} is damaged. Restore it from a backup.`);
    throw new StartupError(
      `The data directory ${dataDir} cannot be read and written (${(error as NodeJS.ErrnoException).code ?? reasonOf(error)}). ` +
        'Give this user the right to, or set DESKSTREAM_DATA_DIR to another.',
    );
  }
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Makes the cluster under another name first, so that one that was interrupted is never taken for whole. */
async function initialise(
  binaries: Binaries,
  identity: Identity,
  dataDir: string,
  credentials: Credentials,
): Promise<void> {
  const cluster = join(dataDir, 'postgres');
  if (await readable(join(cluster, 'PG_VERSION'))) return;
  const unfinished = `${cluster}.new`;
  const passwordFile = join(unfinished, '..', 'initdb.password');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, credentials.ownerPassword, { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined) {
    await chown(unfinished, identity.uid, identity.gid);
    await chown(passwordFile, identity.uid, identity.gid);
  }
  try {
    const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const args = ['-D', unfinished, '-U', OWNER, `--pwfile=${passwordFile}`, '--locale=C', ...flags];
    await run(identity, binaries.initdb, args);
  } catch (error) {
    throw new StartupError(`PostgreSQL could not be set up in ${dataDir}: ${(error as Error).message}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, cluster);
}

/** Starts the server in a session of its own, so that Ctrl-C does not reach it before its clients are done. */
async function start(
  binaries: Binaries,
  identity: Identity,
  cluster: string,
  port: number,
  settings: string[],
): Promise<number> {
  const options = [
    `-p ${port}`,
    // Terse, because what PostgreSQL says of an error in detail quotes rows, and rows hold personal data.
    ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'log_error_verbosity=terse', ...settings].map(
      (setting) => `-c ${setting}`,
    ),
  ];
  const log = join(cluster, 'server.log');
  const args = ['start', '-D', cluster, '-l', log, '-w', '-t', String(START_SECONDS), '-s', '-o', options.join(' ')];
  const deadline = Date.now() + REMAINS_MS;
  try {
    for (;;) {
      const failure = await run(identity, binaries.pg_ctl, args).catch((error: unknown) => error as Error);
      if (!failure) return port;
      const remains = (await readable(log))?.slice(-1_000).includes(REMAINS);
      if (!remains || Date.now() > deadline) throw failure;
      await pause(REVIVE_PAUSE_MS);
    }
  } catch (error) {
    // Another instance may have been faster.
    const running = await runningPort(cluster);
    if (running !== undefined) return running;
    const lines = (await readable(log)) ?? (error as Error).message;
    throw new StartupError(`PostgreSQL did not start. The end of ${log}:\n${lines.split('\n').slice(-8).join('\n')}`);
  }
}

/**
 * The port of the cluster's server when it is alive. The file of a dead one is left to PostgreSQL, which sees by it
 * whether processes of that server still write; but it takes any living process of that number for a server.
 */
async function runningPort(cluster: string): Promise<number | undefined> {
  const file = join(cluster, 'postmaster.pid');
  const [pid, , , port] = ((await readable(file)) ?? '').split('\n');
  if (!pid || !port || !isAlive(Number(pid))) return undefined;
  if (await worksIn(Number(pid), cluster)) return Number(port);
  await rm(file, { force: true });
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process is the cluster's server, which works in its directory. Where that cannot be seen it counts as one. */
async function worksIn(pid: number, cluster: string): Promise<boolean> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (directory !== undefined) return directory === (await realpath(cluster));
  return (await readable('/proc/self/stat')) === undefined;
}

/** Connects, waiting out a recovery. */
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
          'The passwords in database.json are not those of the database beside it. Restore that file.',
        );
      }
      if (Date.now() > (code === NOBODY_LISTENS ? refusedUntil : deadline))
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
  const client = await connect(ownerUrl.replace(/[^/]+$/, 'postgres'));
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

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => {
        resolve(port);
      });
    });
  });
}

async function readable(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

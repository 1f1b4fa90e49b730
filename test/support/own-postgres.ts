import { appendFile, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinaries, identityFor, run } from '#libs/embedded-postgres/binaries.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { type AskedDatabase, askedAt, connectTo } from '#libs/testing/connections.js';
import { openLink } from '#libs/testing/severed-link.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { killServer } from './instance.js';

/** A PostgreSQL like one that an operator provides. */
export interface OwnPostgres extends Pick<AskedDatabase, 'sql'> {
  /** Returns the URL of a database for a login. */
  url: (login: string, database: string) => string;
  /** Restarts it as a standby, which is read-only. */
  becomeStandby(): Promise<void>;
  /** Promotes the running standby to a primary. */
  promote(): Promise<void>;
  /** Starts a standby that follows this running server. */
  startStandby(): Promise<OwnPostgres>;
  /** Kills it with all its processes by SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** An address that leads to one server or another, such as a virtual IP address. */
export interface Address extends Pick<OwnPostgres, 'url'> {
  close(): Promise<void>;
}

/** Opens an address. @param server the server that a new connection is for */
export async function openAddress(server: () => OwnPostgres): Promise<Address> {
  const link = await openLink(() => server().url('', ''));
  return {
    close: () => link.close(),
    url: (login, database) => {
      const url = new URL(server().url(login, database));
      url.port = new URL(link.url).port;
      return url.href;
    },
  };
}

/** Starts an empty PostgreSQL. Its superuser is `postgres`; it trusts every login. */
export function startOwnPostgres(): Promise<OwnPostgres> {
  return startIn(async (cluster) => {
    const [{ initdb }, identity] = [await findBinaries(), await identityFor(cluster)];
    await run(identity, initdb, ['-D', cluster, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']);
  });
}

/** @param fill makes the folder of the cluster */
async function startIn(fill: (cluster: string) => Promise<void>): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'own-'));
  const cluster = join(folder, 'cluster');
  const [{ pg_ctl }, identity, port] = [await findBinaries(), await identityFor(folder), await freePort()];
  await fill(cluster);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c wal_level=logical -c wal_keep_size=256MB`;
  const control = (...args: string[]) => run(identity, pg_ctl, [...args, '-D', cluster, '-w']);
  const start = () => control('start', '-l', join(folder, 'log'), '-s', '-o', options);
  const stop = () => control('stop', '-m', 'fast');
  const url = (login: string, database: string) => `postgres://${login}:secret@127.0.0.1:${port}/${database}`;
  const { sql, close } = askedAt(url('postgres', 'postgres'));
  await start();
  return {
    url,
    sql,
    // The processes of a killed server end a little later.
    start: () =>
      waitFor('PostgreSQL to start', () =>
        start().then(
          () => true,
          () => false,
        ),
      ).then(() => undefined),
    becomeStandby: async () => {
      await stop();
      await writeFile(join(cluster, 'standby.signal'), '');
      await start();
    },
    promote: () => control('promote'),
    startStandby: async () => {
      const standby = await startIn((copy) => copyOf(cluster, copy, url('postgres', 'postgres')));
      await waitFor('the standby to follow', async () => {
        const found = await sql<{ state: string }>('SELECT state FROM pg_stat_replication');
        return found.some(({ state }) => state === 'streaming');
      });
      return standby;
    },
    kill: () => killServer(cluster),
    remove: async () => {
      await close();
      await killServer(cluster);
      await rm(folder, { recursive: true });
    },
  };
}

/** What a base backup leaves out: the standby asks the primary for the WAL. */
const NOT_COPIED = /\/(postmaster\.(pid|opts)|pgsql_tmp.*|t\d+_\d+[^/]*|pg_wal\/.*)$/;

/** Copies the cluster of a running server, so that another one that starts there follows it. */
async function copyOf(cluster: string, copy: string, url: string): Promise<void> {
  const client = await connectTo(url);
  try {
    await client.query(`SELECT pg_backup_start('standby', fast => true)`);
    await copyFolder(cluster, copy);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await writeFile(join(copy, 'backup_label'), rows[0]?.labelfile ?? '');
    await writeFile(join(copy, 'standby.signal'), '');
    await appendFile(join(copy, 'postgresql.auto.conf'), `primary_conninfo = '${url}'\n`);
  } finally {
    await client.end();
  }
}

/** Copies a folder. Files that vanish meanwhile are left out: the WAL tells the standby that they were dropped. */
async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (NOT_COPIED.test(source)) continue;
    if (entry.isDirectory()) await copyFolder(source, target);
    else await copyFile(source, target).catch(ignoreMissing);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

import type pg from 'pg';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { connectJobs } from '#libs/background/jobs-connections.js';
import { connectTo } from '#libs/testing/connections.js';
import { newDataDir } from '#libs/testing/data-dir.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type EmbeddedPostgres, runningEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';

const settings = ['fsync=off'];
/** Tells whether its connection is by socket: it then has no address. */
const BY_SOCKET = 'SELECT inet_client_addr() IS NULL AS by_socket, current_database() AS database';

let dataDir: string;
let server: EmbeddedPostgres | undefined;
beforeEach(async () => {
  dataDir = await newDataDir();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(dataDir, { recursive: true });
});

const cluster = () => join(dataDir, 'postgres');

async function asked(url: string): Promise<unknown> {
  const client = await connectTo(url);
  const { rows } = await client.query<object>(BY_SOCKET).finally(() => client.end());
  return rows[0];
}

async function kill(): Promise<void> {
  const [pid] = (await readFile(join(cluster(), 'postmaster.pid'), 'utf8')).split('\n');
  process.kill(Number(pid), 'SIGKILL');
  await waitFor('the server to be gone', () =>
    stat(`/proc/${pid}`).then(
      () => false,
      () => true,
    ),
  );
}

describe('The embedded PostgreSQL', () => {
  it('is reached by a socket in its cluster, by whoever is given its URL, and over TCP without it', async () => {
    server = await startEmbeddedPostgres({ dataDir, settings });
    const { appUrl, ownerUrl } = server;
    expect(new URL(appUrl).searchParams.get('host')).toBe(cluster());
    expect((await stat(cluster())).mode & 0o777).toBe(0o700);
    expect(await runningEmbeddedPostgres(dataDir)).toEqual({ appUrl, ownerUrl });

    const here = { by_socket: true, database: 'deskstream' };
    expect(await asked(appUrl)).toEqual(here);
    const typeOrm = await new DataSource({ type: 'postgres', url: ownerUrl }).initialize();
    expect(await typeOrm.query(BY_SOCKET)).toEqual([here]);
    await typeOrm.destroy();
    const jobs = await connectJobs({ databaseUrl: appUrl }, 'worker', 1);
    expect((await (jobs.connection as unknown as pg.Pool).query(BY_SOCKET)).rows).toEqual([here]);
    await jobs.end();
    const [overTcp] = appUrl.split('?') as [string];
    expect(await asked(overTcp)).toEqual({ ...here, by_socket: false });
  });

  it('is brought back on its socket after it was killed', async () => {
    server = await startEmbeddedPostgres({ dataDir, settings });
    const { appUrl } = server;
    await kill();
    await waitFor('the server', () =>
      asked(appUrl).then(
        () => true,
        () => false,
      ),
    );
  });

  it('has a long path, which no socket fits into: it is reached over TCP', async () => {
    const long = join(dataDir, 'a'.repeat(100));
    await mkdir(long);
    await rename(join(dataDir, 'database.json'), join(long, 'database.json'));
    await rename(cluster(), join(long, 'postgres'));
    server = await startEmbeddedPostgres({ dataDir: long, settings });
    expect(new URL(server.appUrl).search).toBe('');
    expect((await readdir(join(long, 'postgres'))).filter((name) => name.startsWith('.s.'))).toEqual([]);
    expect(await asked(server.appUrl)).toEqual({ by_socket: false, database: 'deskstream' });
    expect(await runningEmbeddedPostgres(long)).toEqual({ appUrl: server.appUrl, ownerUrl: server.ownerUrl });
  });
});

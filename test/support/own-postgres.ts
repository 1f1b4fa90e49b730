import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinaries, identityFor, run } from '#libs/embedded-postgres/binaries.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';

/** An empty PostgreSQL, like one that an operator provides. */
export interface OwnPostgres {
  /** Returns the URL of a database for a login. */
  url: (login: string, database: string) => string;
  /** Restarts it as a standby, which is read-only. */
  becomeStandby(): Promise<void>;
  /** Promotes the running standby to a primary. */
  promote(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts an empty PostgreSQL. Its superuser is `postgres`; it trusts every login. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'own-'));
  const cluster = join(folder, 'cluster');
  const [binaries, identity, port] = [await findBinaries(), await identityFor(folder), await freePort()];
  await run(identity, binaries.initdb, [
    '-D',
    cluster,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
  ]);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  const control = (...args: string[]) => run(identity, binaries.pg_ctl, [...args, '-D', cluster, '-w']);
  const start = () => control('start', '-l', join(folder, 'log'), '-s', '-o', options);
  const stop = () => control('stop', '-m', 'fast');
  await start();
  return {
    url: (login, database) => `postgres://${login}:secret@127.0.0.1:${port}/${database}`,
    becomeStandby: async () => {
      await stop();
      await writeFile(join(cluster, 'standby.signal'), '');
      await start();
    },
    promote: () => control('promote'),
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinaries, identityFor, run } from '#libs/embedded-postgres/binaries.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';

/** An empty PostgreSQL, as an operator has one of their own. */
export interface OwnPostgres {
  /** The URL of a database as a login. */
  url: (login: string, database: string) => string;
  /** Restarts it as a standby, which takes no changes. */
  becomeStandby(): Promise<void>;
  /** Makes the standby a primary again, while it runs. */
  promote(): Promise<void>;
  remove(): Promise<void>;
}

/** Its superuser is `postgres`; it believes everybody who they say they are. */
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

import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { launch } from './launch.js';

/** A PgBouncer in transaction mode. */
export interface PgBouncer {
  /** Returns the URL of a database by way of it. */
  urlOf: (url: string) => string;
  /** The variables of a process that uses it for a database. */
  variablesFor: (url: string) => NodeJS.ProcessEnv;
  end(): Promise<void>;
}

const PROGRAM = process.env.TEST_PGBOUNCER ?? 'pgbouncer';
const VERSION = /PgBouncer 1\.(\d+)/.exec(String(spawnSync(PROGRAM, ['--version']).stdout))?.[1];

/** Whether PgBouncer is installed on this machine. */
export const HAS_PGBOUNCER = VERSION !== undefined;
/** Whether it supports prepared statements. */
export const PREPARES = Number(VERSION) >= 21;

/**
 * Starts a PgBouncer with three sessions for each login of a database, which it hands out in turn.
 * @param urls PostgreSQL itself, by each login that will come
 * @param settings further lines of its configuration
 */
export async function startPgBouncer(urls: string[], settings: string[] = []): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'deskstream-pgbouncer-'));
  const [configuration, port] = [join(folder, 'pgbouncer.ini'), await freePort()];
  const logins = urls.map((url) => new URL(url));
  await writeFile(
    join(folder, 'logins'),
    logins.map(({ username, password }) => `"${username}" "${password}"\n`).join(''),
  );
  await writeFile(
    configuration,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${logins[0]?.port}`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1`,
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = trust',
      `auth_file = ${join(folder, 'logins')}`,
      'pool_mode = transaction',
      'default_pool_size = 3',
      'max_client_conn = 1000',
      'server_round_robin = 1',
      // While the database is away, requests are answered soon, and it is found soon when it is back.
      'query_wait_timeout = 5',
      'server_login_retry = 1',
      ...(PREPARES ? ['max_prepared_statements = 200'] : []),
      ...settings,
    ].join('\n'),
  );
  // As root, it takes on another account, which must read these.
  await chmod(folder, 0o755);
  const account = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const running = launch([...account, configuration], {}, PROGRAM);
  await running.told(/process up/);
  const urlOf = (url: string) => Object.assign(new URL(url), { port: String(port), search: '' }).href;
  return {
    urlOf,
    variablesFor: (url) => ({
      DATABASE_URL: urlOf(url),
      DATABASE_DIRECT_URL: url,
      DATABASE_PREPARED_STATEMENTS: String(PREPARES),
    }),
    end: async () => {
      await running.end('SIGKILL');
      await rm(folder, { recursive: true });
    },
  };
}

import { randomBytes } from 'node:crypto';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '#libs/platform/reason.js';
import { readOrCreateSecret } from '#libs/platform/secret-file.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type Binaries, type Identity, run } from './binaries.js';
import { type Credentials, type Listening, OWNER } from './database-urls.js';
import { readable, removeOldSockets, runningServer, socketSetting } from './listening.js';

export const START_SECONDS = 60;
/** Part of PostgreSQL's error while processes of a killed server still run, with the maximum wait. */
const REMAINS = 'shared memory block';
const REMAINS_MS = 20_000;
const REMAINS_PAUSE_MS = 500;

/** Returns the passwords; creates them on first use. */
export async function prepare(dataDir: string): Promise<Credentials> {
  const file = join(dataDir, 'database.json');
  try {
    const make = () => JSON.stringify({ ownerPassword: newPassword(), appPassword: newPassword() });
    return JSON.parse(await readOrCreateSecret(file, make)) as Credentials;
  } catch (error) {
    if (error instanceof SyntaxError) throw new StartupError(`${file} is damaged. Restore it from a backup.`);
    throw new StartupError(
      `The data directory ${dataDir} cannot be read and written (${(error as NodeJS.ErrnoException).code ?? reasonOf(error)}). ` +
        'Give this user the rights, or set DESKSTREAM_DATA_DIR to another directory.',
    );
  }
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Creates the cluster under another name first, so that an interrupted one never counts as complete. */
export async function initialise(
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

/** Starts the server in its own session, so that Ctrl-C does not reach it before its clients are done. */
export async function start(
  binaries: Binaries,
  identity: Identity,
  cluster: string,
  port: number,
  settings: string[],
): Promise<Listening> {
  const options = [
    `-p ${port}`,
    // Terse, because PostgreSQL's detailed errors quote rows, and rows hold personal data.
    ...[
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${socketSetting(cluster, port)}`,
      'log_error_verbosity=terse',
      ...settings,
    ].map((setting) => `-c ${setting}`),
  ];
  await removeOldSockets(cluster);
  const log = join(cluster, 'server.log');
  const args = ['start', '-D', cluster, '-l', log, '-w', '-t', String(START_SECONDS), '-s', '-o', options.join(' ')];
  const deadline = Date.now() + REMAINS_MS;
  try {
    for (;;) {
      const failure = await run(identity, binaries.pg_ctl, args).catch((error: unknown) => error as Error);
      if (!failure) return (await runningServer(cluster)) ?? { port };
      const remains = (await readable(log))?.slice(-1_000).includes(REMAINS);
      if (!remains || Date.now() > deadline) throw failure;
      await pause(REMAINS_PAUSE_MS);
    }
  } catch (error) {
    // Another instance may have started the server first.
    const running = await runningServer(cluster);
    if (running) return running;
    const lines = (await readable(log)) ?? (error as Error).message;
    throw new StartupError(`PostgreSQL did not start. The end of ${log}:\n${lines.split('\n').slice(-8).join('\n')}`);
  }
}

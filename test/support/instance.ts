import { type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { newDataDir } from '#libs/testing/data-dir.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { ApiClient } from './api-client.js';
import { launch, type Launched } from './launch.js';
import { UNLIMITED } from './unlimited.js';

/** A Deskstream in a separate process, as `npm start` runs it. */
export interface Instance {
  url: string;
  api: ApiClient;
  process: ChildProcess;
  /** Returns its output so far. */
  output: () => string;
}

/** A data directory and a port, which outlive the instances that use them. */
export interface Home {
  dataDir: string;
  port: number;
  token: string;
  /** All processes that were started there. */
  launched: Launched[];
  /** Kills the processes that still run, and removes the directory. */
  remove(): Promise<void>;
}

export async function createHome(): Promise<Home> {
  const dataDir = await newDataDir();
  const launched: Launched[] = [];
  return {
    dataDir,
    launched,
    port: await freePort(),
    token: randomBytes(32).toString('hex'),
    remove: async () => {
      await Promise.all(launched.map((one) => one.end('SIGKILL')));
      await killPostgres(dataDir);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts a process, and waits until it serves requests. */
export async function startInstance(home: Home, env: NodeJS.ProcessEnv = {}): Promise<Instance> {
  const { process: child, output, progress } = run(home, env);
  const url = `http://127.0.0.1:${home.port}`;
  const serves = () => {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output()}`);
    return fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await waitFor('an instance to serve', serves, progress);
  return { url, api: new ApiClient(url, home.token), process: child, output };
}

/** Starts a process that is expected not to serve, and returns its exit status and output. */
export async function runToEnd(
  home: Home,
  env: NodeJS.ProcessEnv = {},
): Promise<{ status: number | null; output: string }> {
  const { end, output } = run(home, env);
  return { status: await end(), output: output() };
}

/** Sends a signal, waits for the end, and returns the exit status. */
export async function stop({ process: child }: Instance, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  await ended(child);
  return child.exitCode;
}

/** Kills the PostgreSQL of a data directory, with all its processes, by SIGKILL. */
export function killPostgres(dataDir: string): Promise<void> {
  return killServer(join(dataDir, 'postgres'));
}

/** Kills the PostgreSQL of a cluster, with all its processes, by SIGKILL. */
export async function killServer(cluster: string): Promise<void> {
  const pidFile = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(pidFile.split('\n', 1)[0]);
  if (!pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return;
  }
  await waitFor('PostgreSQL to be gone', () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

function run(home: Home, env: NodeJS.ProcessEnv): Launched {
  const launched = launch(['dist/apps/standalone/main.js'], {
    PORT: String(home.port),
    HOST: '127.0.0.1',
    DESKSTREAM_DATA_DIR: home.dataDir,
    DESKSTREAM_BOOTSTRAP_TOKEN: home.token,
    LOG_LEVEL: 'warn',
    ...UNLIMITED,
    ...env,
  });
  home.launched.push(launched);
  return launched;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('close', resolve));
}

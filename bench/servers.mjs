import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { transformFile } from '@swc/core';
import { SETTINGS } from '../dist/apps/config.js';
import { runningEmbeddedPostgres, startEmbeddedPostgres } from '../dist/libs/embedded-postgres/embedded-postgres.js';
import { documentedSettings } from '../dist/libs/platform/settings.js';
import { Process } from './processes.mjs';

/** The token that Deskstream accepts. */
export const TOKEN = 'benchmark-benchmark-benchmark-benchmark';
/** The command with which users start Deskstream. */
export const NPM_START = ['npm', 'start'];

/** The variables that the benchmark clears: an empty one counts as not set. */
const VARIABLES = SETTINGS.flatMap(documentedSettings).map(({ name }) => name);
const START_MS = 60_000;
const POLL_MS = 20;

/** Starts a server that takes its port from the environment, and waits until its `/health` answers 200. */
export async function startServer(bench, name, command, env) {
  const port = await freePort();
  const server = Process.spawn(bench, name, command, {
    ...process.env,
    ...env,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
  });
  const url = `http://127.0.0.1:${port}`;
  await untilHealthy(server, `${url}/health`);
  return { name, url, process: server };
}

/** Starts Deskstream with its own PostgreSQL and its default settings. */
export async function startDeskstream(bench, command) {
  bench.cleanup.add(() => stopPostgresOf(bench.dataDir));
  const env = deskstreamEnvironment(bench, bench.dataDir);
  return startServer(bench, 'deskstream', command ?? (await commandOf(bench, 'start')), env);
}

/**
 * Returns the environment of Deskstream's processes: its default settings except for unreachable rate limits, whatever
 * the benchmark's environment or `.env` contain.
 */
export function deskstreamEnvironment({ root }, dataDir) {
  return {
    ...Object.fromEntries(VARIABLES.map((name) => [name, ''])),
    PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    DESKSTREAM_DATA_DIR: dataDir,
    DESKSTREAM_BOOTSTRAP_TOKEN: TOKEN,
    RATE_LIMIT_PER_SECOND: '1000000',
    RATE_LIMIT_BURST: '1000000',
    RATE_LIMIT_FAILURES_PER_SECOND: '1000000',
  };
}

/**
 * Returns the last command of a script in package.json. The shell is replaced by Node, so the process is Deskstream's.
 */
export async function commandOf({ root }, script) {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return ['sh', '-c', scripts[script].split(' && ').at(-1)];
}

/** Returns the resident memory of a process, in MB. */
export async function residentMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  const kilobytes = status
    ? /^VmRSS:\s+(\d+)/m.exec(status)[1]
    : spawnSync('ps', ['-o', 'rss=', '-p', String(pid)]).stdout.toString();
  return Number(kilobytes) / 1024;
}

/** Returns the command that runs a peer, with Deskstream's settings of memory: they are not what is compared. */
export async function peerCommand(bench, file) {
  const script = (await commandOf(bench, 'start')).at(-1);
  const [variables, options] = [/MALLOC_\S+/g, /--\S+-space-size=\d+/g].map((setting) => script.match(setting));
  const ofProcess = ['--no-allocation-site-pretenuring', '--heap-growing-percent=20'];
  return ['env', ...variables, process.execPath, ...options, ...ofProcess, file];
}

/** Stops the PostgreSQL that a killed Deskstream leaves behind. */
async function stopPostgresOf(dataDir) {
  if (!(await runningEmbeddedPostgres(dataDir))) return;
  const postgres = await startEmbeddedPostgres({ dataDir });
  await postgres.stop();
}

async function untilHealthy(server, url) {
  const deadline = performance.now() + START_MS;
  while (server.running && performance.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.status === 200) return;
    await pause(POLL_MS);
  }
  throw server.failure('did not become ready');
}

/** Returns a port that is free at the moment. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/**
 * Compiles the CRUD peer as the application is compiled. The file is in this folder, so that its imports find the
 * packages.
 */
export async function compiledCrudPeer({ root, cleanup }) {
  const { code } = await transformFile(join(import.meta.dirname, 'peers/crud.ts'), {
    configFile: join(root, '.swcrc'),
    sourceMaps: false,
  });
  const folder = join(import.meta.dirname, '.build');
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'crud.mjs');
  await writeFile(file, code);
  return file;
}

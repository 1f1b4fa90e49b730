import { glob, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Listening } from './database-urls.js';

/** The cluster's path for its server, which works in it. */
const CLUSTER = '.';
/** Size of a socket's path in bytes, including a final zero. */
const SOCKET_PATH_BYTES = process.platform === 'darwin' ? 104 : 108;

/**
 * Returns the cluster's server if it is alive. The file of a dead one stays: PostgreSQL sees by it whether its
 * processes still write. It is removed if another process has that number, which PostgreSQL would take for the server.
 */
export async function runningServer(cluster: string): Promise<Listening | undefined> {
  const file = join(cluster, 'postmaster.pid');
  const [pid, , , port, folder] = ((await readable(file)) ?? '').split('\n');
  if (!pid || !port || !isAlive(Number(pid))) return undefined;
  if (await worksIn(Number(pid), cluster)) {
    const reachable = folder === CLUSTER && socketSetting(cluster, Number(port)) === CLUSTER;
    return { port: Number(port), ...(reachable && { socketFolder: cluster }) };
  }
  await rm(file, { force: true });
  return undefined;
}

/** Returns the folder for a server's socket; empty if no client could reach it. */
export function socketSetting(cluster: string, port: number): string {
  const path = join(cluster, `.s.PGSQL.${port}`);
  return process.platform !== 'win32' && Buffer.byteLength(path) < SOCKET_PATH_BYTES ? CLUSTER : '';
}

/** Removes the sockets and locks that killed servers left. */
export async function removeOldSockets(cluster: string): Promise<void> {
  for await (const name of glob('.s.PGSQL.*.lock', { cwd: cluster })) {
    const lock = join(cluster, name);
    const [pid] = ((await readable(lock)) ?? '').split('\n');
    if (!pid || (isAlive(Number(pid)) && (await worksIn(Number(pid), cluster)))) continue;
    await rm(lock.slice(0, -'.lock'.length), { force: true });
    await rm(lock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns whether a process is the cluster's server, by its working directory. Without `/proc`, it counts as one. */
async function worksIn(pid: number, cluster: string): Promise<boolean> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (directory !== undefined) return directory === (await realpath(cluster));
  return (await readable('/proc/self/stat')) === undefined;
}

/** Returns a port of this machine that nobody listens on. */
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

export async function readable(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

import { spawnSync } from 'node:child_process';
import { Process } from './processes.mjs';
import { freePort } from './servers.mjs';

/**
 * Returns the URL of a Redis: REDIS_URL, or that of a server for this run, which writes nothing to disk; undefined
 * without redis-server.
 */
export async function startRedis(bench) {
  if (process.env.REDIS_URL) return process.env.REDIS_URL;
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const port = await freePort();
  const inMemory = ['--save', '', '--appendonly', 'no', '--dir', bench.folder];
  const command = ['redis-server', '--bind', '127.0.0.1', '--port', String(port), ...inMemory];
  await Process.spawn(bench, 'redis', command, process.env).printed('Ready to accept connections');
  return `redis://127.0.0.1:${port}`;
}

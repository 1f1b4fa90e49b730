import { spawnSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { launch, type Launched } from './launch.js';

/** A separate Redis that stores nothing on disk. */
export interface RedisServer {
  url: string;
  port: number;
  /** Starts it again on the same port, without its data. */
  start(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Suspends it: it accepts connections, but never answers. */
  freeze(): void;
  lives(): boolean;
}

/** Valkey's server takes the same options. */
export const REDIS_PROGRAM = process.env.TEST_REDIS_SERVER ?? 'redis-server';
/** Whether it is installed on this machine. */
export const HAS_REDIS = spawnSync(REDIS_PROGRAM, ['--version']).status === 0;

/** @param more options of the command line */
export async function startRedisServer(...more: string[]): Promise<RedisServer> {
  const port = await freePort();
  // What replicas receive, and what a cluster's node knows of the others, is stored there.
  const folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'redis-'));
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  let running: Launched;
  const start = async () => {
    const options = [...place, '--save', '', '--appendonly', 'no', ...more];
    running = launch(options, {}, REDIS_PROGRAM);
    await running.told(/Ready to accept connections/);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill: async () => {
      await running.end('SIGKILL');
    },
    freeze: () => {
      running.process.kill('SIGSTOP');
    },
    lives: () => running.process.exitCode === null && running.process.signalCode === null,
  };
}

/** Returns a server's answer to a command. */
export async function askRedis<T = string>(
  { url }: Pick<RedisServer, 'url'>,
  command: string,
  ...args: (string | number)[]
): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, enableReadyCheck: false });
  redis.on('error', () => undefined);
  try {
    return (await redis.call(command, ...args)) as T;
  } finally {
    redis.disconnect();
  }
}

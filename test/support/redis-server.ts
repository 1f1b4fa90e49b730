import { spawnSync } from 'node:child_process';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { launch, type Launched } from './launch.js';

/** A separate Redis that stores nothing on disk. */
export interface RedisServer {
  url: string;
  /** Starts it again on the same port, without its data. */
  start(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Suspends it: it accepts connections, but never answers. */
  freeze(): void;
}

/** Whether redis-server is installed on this machine. */
export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;

export async function startRedisServer(): Promise<RedisServer> {
  const port = await freePort();
  let running: Launched;
  const start = async () => {
    const options = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
    running = launch(options, {}, 'redis-server');
    await running.told(/Ready to accept connections/);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: async () => {
      await running.end('SIGKILL');
    },
    freeze: () => {
      running.process.kill('SIGSTOP');
    },
  };
}

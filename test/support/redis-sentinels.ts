import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch } from './launch.js';
import { askRedis, REDIS_PROGRAM, type RedisServer, startRedisServer } from './redis-server.js';

const MASTER = 'deskstream';

/** A master with a replica, and three sentinels, of which two must agree. */
export interface SentinelSet {
  url: string;
  /** The master, and its replica. */
  servers: RedisServer[];
  /** Returns the port of the master that each sentinel names. */
  masters(): Promise<number[]>;
  end(): Promise<void>;
}

export async function startSentinelSet(): Promise<SentinelSet> {
  const folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'redis-sentinels-'));
  const master = await startRedisServer();
  const replica = await startRedisServer('--replicaof', '127.0.0.1', String(master.port));
  await waitFor('the replica', async () =>
    /master_link_status:up/.test(await askRedis(replica, 'INFO', 'replication')),
  );
  const sentinels = await Promise.all([1, 2, 3].map((number) => startSentinel(join(folder, `${number}.conf`), master)));
  const knowsAll = async (sentinel: Pick<RedisServer, 'url'>) =>
    /status=ok.*slaves=1,sentinels=3/.test(await askRedis(sentinel, 'INFO', 'sentinel')) &&
    (await askRedis(sentinel, 'SENTINEL', 'CKQUORUM', MASTER).catch(() => '')).startsWith('OK');
  for (const sentinel of sentinels) await waitFor('a sentinel to know all', () => knowsAll(sentinel));
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${MASTER}`,
    servers: [master, replica],
    masters: () =>
      Promise.all(
        sentinels.map(async (sentinel) => {
          const [, port] = await askRedis<string[]>(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER);
          return Number(port);
        }),
      ),
    end: async () => {
      await Promise.all([...sentinels, master, replica].map((server) => server.kill()));
    },
  };
}

async function startSentinel(file: string, master: RedisServer) {
  const port = await freePort();
  const lines = [
    ...['bind 127.0.0.1', `port ${port}`, `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 2`],
    ...[`sentinel down-after-milliseconds ${MASTER} 1000`, `sentinel failover-timeout ${MASTER} 5000`],
  ];
  await writeFile(file, lines.join('\n'));
  const running = launch([file, '--sentinel'], {}, REDIS_PROGRAM);
  await running.told(/\+monitor master/);
  return { url: `redis://127.0.0.1:${port}`, port, kill: () => running.end('SIGKILL') };
}

import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { askRedis, type RedisServer, startRedisServer } from './redis-server.js';

const SLOTS = 16_384;
const MASTERS = 3;

/** Three masters with a third of the slots each, and a replica of the first. */
export interface RedisCluster {
  /** Names the masters. */
  url: string;
  /** The masters, and the replica. */
  servers: RedisServer[];
  /** Returns which of the servers serves the slot of a key, as those that live say. */
  serverOf(key: string): Promise<RedisServer>;
  /** Moves the slot of a key, and its keys one by one, to another master. */
  move(key: string, to: RedisServer): Promise<void>;
  end(): Promise<void>;
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const servers = await Promise.all(Array.from({ length: MASTERS + 1 }, startNode));
  const [masters, replica] = [servers.slice(0, MASTERS), servers[MASTERS] as RedisServer];
  for (const [number, master] of masters.entries()) {
    const [first, next] = [number, number + 1].map((third) => Math.floor((third * SLOTS) / MASTERS)) as [
      number,
      number,
    ];
    await askRedis(master, 'CLUSTER', 'ADDSLOTSRANGE', first, next - 1);
    await askRedis(master, 'CLUSTER', 'SET-CONFIG-EPOCH', number + 1);
  }
  const one = masters[0] as RedisServer;
  for (const { port, bus } of servers) await askRedis(one, 'CLUSTER', 'MEET', '127.0.0.1', port, bus);
  await waitFor('the nodes to know each other', () => all(servers, knowsAll));
  await askRedis(replica, 'CLUSTER', 'REPLICATE', await idOf(one));
  await waitFor('the replica', async () =>
    /master_link_status:up/.test(await askRedis(replica, 'INFO', 'replication')),
  );
  await waitFor('the cluster', () => all(servers, knowsAll));
  return {
    url: `redis://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    serverOf: (key) => serverOf(servers, key),
    move: (key, to) => move(servers, key, to),
    end: async () => {
      await Promise.all(servers.map((server) => server.kill()));
    },
  };
}

type Node = RedisServer & { bus: number };

async function startNode(): Promise<Node> {
  const bus = await freePort();
  const quickly = ['--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0'];
  return { ...(await startRedisServer('--cluster-enabled', 'yes', '--cluster-port', String(bus), ...quickly)), bus };
}

const idOf = (server: RedisServer) => askRedis(server, 'CLUSTER', 'MYID');

async function knowsAll(server: RedisServer): Promise<boolean> {
  const info = await askRedis(server, 'CLUSTER', 'INFO');
  return /cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${MASTERS + 1}`);
}

async function all(servers: RedisServer[], holds: (server: RedisServer) => Promise<boolean>): Promise<boolean> {
  return (await Promise.all(servers.map(holds))).every((held) => held);
}

type SlotRange = [first: number, last: number, master: [host: string, port: number]];

async function serverOf(servers: RedisServer[], key: string): Promise<RedisServer> {
  const living = servers.find((server) => server.lives()) as RedisServer;
  const slot = await askRedis<number>(living, 'CLUSTER', 'KEYSLOT', key);
  const ranges = await askRedis<SlotRange[]>(living, 'CLUSTER', 'SLOTS');
  const [, , [, port]] = ranges.find(([first, last]) => first <= slot && slot <= last) as SlotRange;
  return servers.find((server) => server.port === port) as RedisServer;
}

async function move(servers: RedisServer[], key: string, to: RedisServer): Promise<void> {
  const from = await serverOf(servers, key);
  if (from === to) return;
  const slot = await askRedis<number>(from, 'CLUSTER', 'KEYSLOT', key);
  const [fromId, toId] = [await idOf(from), await idOf(to)];
  await askRedis(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await askRedis(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  for (;;) {
    const [moved] = await askRedis<string[]>(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 1);
    if (moved === undefined) break;
    await askRedis(from, 'MIGRATE', '127.0.0.1', to.port, moved, 0, 5_000);
  }
  for (const server of [to, from, ...servers.slice(0, MASTERS)]) {
    await askRedis(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }
}

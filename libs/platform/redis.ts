import { setTimeout as pause } from 'node:timers/promises';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { parseRedisUrl, type RedisAddress } from './redis-url.js';

/** A connection to a node, or to a master that sentinels name; or the connections to a cluster. */
export type RedisClient = Redis | Cluster;

/** Options that hold for each connection, and those for a cluster. */
export interface RedisClientOptions extends RedisOptions {
  ofCluster?: ClusterOptions;
}

/** Maximum time of a first connection, and of the answer of a sentinel. */
const [CONNECT_MS, SENTINEL_MS] = [5_000, 1_000];
/** Pause between checks of a cluster's client for moved slots. */
const REFRESH_MS = 5_000;

/**
 * Connects to the Redis or Valkey of a `REDIS_URL`. The first node that answers tells whether it is a cluster. The
 * client reconnects by itself from then on, unless `options` say otherwise.
 * @throws when it cannot be reached now
 */
export async function connectRedis(url: string, { ofCluster, ...options }: RedisClientOptions): Promise<RedisClient> {
  const address = parseRedisUrl(url);
  const { node, isOfCluster } = await firstOf(nodesOf(address, options));
  const isOne = address.master !== undefined || address.hosts.length === 1;
  if (!isOfCluster && isOne) return node;
  node.disconnect();
  if (!isOfCluster) throw new Error('REDIS_URL must name one host: this Redis is not in cluster mode');
  const cluster = clusterOf(address, options, ofCluster);
  await open(cluster);
  return cluster;
}

/** Returns the addresses of a URL without its secrets, to show. */
export function shownHosts(url: string): string {
  return parseRedisUrl(url)
    .hosts.map(({ host, port }) => `${host}:${port}`)
    .join(',');
}

/** A client of each host, or one that asks the sentinels. None is connected yet. */
function nodesOf(address: RedisAddress, options: RedisOptions): Redis[] {
  const { hosts, master, tls, db, sentinelUsername, sentinelPassword } = address;
  const common = { ...options, ...loginOf(address), db, lazyConnect: true };
  if (master === undefined) return hosts.map((host) => new Redis({ ...common, ...host }));
  const ofSentinels = {
    ...{ sentinels: hosts, name: master, sentinelUsername, sentinelPassword, sentinelCommandTimeout: SENTINEL_MS },
    // Otherwise, a master that vanishes silently would be waited for until TCP times out.
    failoverDetector: true,
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  };
  return [new Redis({ ...common, ...ofSentinels })];
}

function clusterOf(address: RedisAddress, options: RedisOptions, ofCluster: ClusterOptions = {}): Cluster {
  return new Cluster(address.hosts, {
    slotsRefreshInterval: REFRESH_MS,
    // A cluster that is down answers commands with errors, which are reported; the check would wait silently.
    enableReadyCheck: false,
    // Keeps the name, because TLS compares it with the certificate.
    dnsLookup: (name, found) => {
      found(null, name);
    },
    ...ofCluster,
    lazyConnect: true,
    redisOptions: { ...options, ...loginOf(address) },
  });
}

function loginOf({ username, password, tls }: RedisAddress): RedisOptions {
  return { username, password, ...(tls && { tls: {} }) };
}

/** Returns the first node that answers, connected. */
async function firstOf(nodes: Redis[]): Promise<{ node: Redis; isOfCluster: boolean }> {
  const failures: unknown[] = [];
  for (const node of nodes) {
    try {
      return { node, isOfCluster: /^cluster_enabled:1/m.test(await open(node)) };
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures[0];
}

/** Connects, and returns the server's `INFO cluster`. Any failure closes the client, so that it does not reconnect. */
async function open(client: RedisClient): Promise<string> {
  const failure = new Promise<never>((_, reject) => client.on('error', reject));
  const late = pause(CONNECT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`Redis does not answer within ${CONNECT_MS / 1000} seconds`);
  });
  try {
    return await Promise.race([failure, client.connect().then(() => client.info('cluster')), late]);
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

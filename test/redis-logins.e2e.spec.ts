import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { redisAnswers } from '#apps/cli/service-checks.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { type Authority, trustNewAuthority } from '#libs/testing/tls.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch, type Launched } from './support/launch.js';
import { HAS_REDIS, REDIS_PROGRAM, type RedisServer, startRedisServer } from './support/redis-server.js';

const LOGIN = 'deskstream:p%40ss%2Fword';
const USERS = ['--user', ...'deskstream on >p@ss/word ~* &* +@all'.split(' '), '--user', 'default', 'off'];

let authority: Authority;
let folder: string;
/** Options of a server that speaks TLS only. */
let tls: string[];

/** Starts a server that admits one user, and nobody without TLS. */
async function startTlsServer(...more: string[]): Promise<{ server: RedisServer; port: number }> {
  const port = await freePort();
  const server = await startRedisServer('--port', '0', '--tls-port', String(port), ...tls, ...USERS, ...more);
  return { server, port };
}

/** Starts a node with all slots, which is a cluster. */
async function startTlsCluster(): Promise<{ server: RedisServer; port: number }> {
  const ofCluster = ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-port', String(await freePort())];
  const byName = ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'];
  const found = await startTlsServer(...ofCluster, ...byName);
  const node = new Redis(`rediss://${LOGIN}@localhost:${found.port}`);
  await node.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await waitFor('the cluster', async () => /cluster_state:ok/.test((await node.call('CLUSTER', 'INFO')) as string));
  node.disconnect();
  return found;
}

/** Starts a sentinel that has a password of its own. */
async function startTlsSentinel(master: number): Promise<{ sentinel: Launched; port: number }> {
  const port = await freePort();
  const lines = [
    ...['bind 127.0.0.1', 'port 0', `tls-port ${port}`, 'requirepass watch', 'tls-replication yes'],
    ...Array.from({ length: tls.length / 2 }, (_, n) => `${tls[2 * n]?.slice(2)} ${tls[2 * n + 1]}`),
    ...['sentinel resolve-hostnames yes', 'sentinel announce-hostnames yes'],
    ...[`sentinel monitor main localhost ${master} 1`, 'sentinel auth-user main deskstream'],
    'sentinel auth-pass main p@ss/word',
  ];
  const file = join(folder, 'sentinel.conf');
  await writeFile(file, lines.join('\n'));
  const sentinel = launch([file, '--sentinel'], {}, REDIS_PROGRAM);
  await sentinel.told(/\+monitor master/);
  return { sentinel, port };
}

(HAS_REDIS ? describe : describe.skip)('Redis with TLS and logins', () => {
  beforeAll(async () => {
    authority = await trustNewAuthority();
    folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'redis-tls-'));
    const { key, cert } = await authority.certify('localhost');
    const files = Object.entries({ key, cert, 'ca-cert': authority.cert });
    for (const [name, text] of files) await writeFile(join(folder, name), text);
    tls = ['--tls-auth-clients', 'no', ...files.flatMap(([name]) => [`--tls-${name}-file`, join(folder, name)])];
  });
  afterAll(() => {
    authority.forget();
  });

  it('answers as a node, and says why not', async () => {
    const { server, port } = await startTlsServer();
    try {
      expect(await redisAnswers(`rediss://${LOGIN}@localhost:${port}`)).toBe(`answers at localhost:${port}`);
      await expect(redisAnswers(`rediss://deskstream:wrong@localhost:${port}`)).rejects.toThrow('WRONGPASS');
      await expect(redisAnswers(`rediss://${LOGIN}@127.0.0.1:${port}`)).rejects.toThrow(
        "IP: 127.0.0.1 is not in the cert's list",
      );
      await expect(redisAnswers(`rediss://${LOGIN}@localhost:${port},localhost:${port}`)).rejects.toThrow(
        'REDIS_URL must name one host: this Redis is not in cluster mode',
      );
    } finally {
      await server.kill();
    }
  });

  it('answers as a cluster, which one of its nodes is enough to find', async () => {
    const { server, port } = await startTlsCluster();
    try {
      const hosts = `localhost:1,localhost:${port}`;
      expect(await redisAnswers(`rediss://${LOGIN}@${hosts}`)).toBe(`answers at ${hosts}, in cluster mode`);
      expect(await redisAnswers(`rediss://${LOGIN}@localhost:${port}`)).toMatch(/, in cluster mode$/);
    } finally {
      await server.kill();
    }
  });

  it('answers as a master that a sentinel names, and says why not', async () => {
    const master = await startTlsServer('--tls-replication', 'yes');
    const { sentinel, port } = await startTlsSentinel(master.port);
    const url = (name: string, password: string) =>
      `rediss+sentinel://${LOGIN}@localhost:${port}/${name}?sentinelPassword=${password}`;
    try {
      expect(await redisAnswers(url('main', 'watch'))).toBe(`answers at localhost:${port}`);
      await expect(redisAnswers(url('other', 'watch'))).rejects.toThrow('No such master with that name');
      await expect(redisAnswers(url('main', 'wrong'))).rejects.toThrow('WRONGPASS');
    } finally {
      await sentinel.end('SIGKILL');
      await master.server.kill();
    }
  });
});

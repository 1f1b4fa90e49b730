import { connectRedis } from '#libs/platform/redis.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { DELIVERIES_QUEUE } from '#libs/webhooks/delivery/draining/drain-scheduler.js';
import { type Installation, startInstallation } from './support/installation.js';
import { type Launched } from './support/launch.js';
import { settled } from './support/ledger.js';
import { problemsOf } from './support/log-lines.js';
import { type RedisCluster, startRedisCluster } from './support/redis-cluster.js';
import { type SentinelSet, startSentinelSet } from './support/redis-sentinels.js';
import { HAS_REDIS, type RedisServer } from './support/redis-server.js';
import { type ScriptedReceiver, startScriptedReceiver } from './support/scripted-receiver.js';

/** What all keys of the queue are named after. */
const QUEUE = '{deskstream}';
const FAILS = 'The job queue fails; due deliveries are found in the database';

let installation: Installation;
let receiver: ScriptedReceiver;
let subscriptionId: string;
let organizationId: string;
let tags = 0;

async function subscribe(): Promise<void> {
  [installation, receiver] = await Promise.all([startInstallation({ REDIS_URL: undefined }), startScriptedReceiver()]);
  subscriptionId = (await installation.api.subscribe(receiver.url('/'), ['TagCreated'])).id;
  const text = 'SELECT organization_id AS id FROM webhook_subscriptions';
  organizationId = (await installation.database.sql<{ id: string }>(text))[0]?.id as string;
}

/** Creates tags, one after the other, for as long as the work takes. */
async function whileWriting(work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const write = async () => {
    while (!over.signal.aborted) await installation.api.createTag(`tag ${(tags += 1)}`);
  };
  const end = () => {
    over.abort();
  };
  await Promise.all([write(), work().finally(end)]);
}

/** Waits until more deliveries have arrived. */
async function arrive(count: number): Promise<void> {
  const before = receiver.arrivals.length;
  const come = () => receiver.arrivals.length - before;
  await waitFor('deliveries', () => come() >= count, come);
}

/** Waits for the end of all deliveries, of which each must have arrived once. */
async function allArriveOnce(): Promise<void> {
  const books = { subscriptions: [subscriptionId], requests: receiver.arrivals };
  const entries = await settled(installation.database, organizationId, books);
  expect(new Set(entries.map(({ state }) => state))).toEqual(new Set(['delivered']));
  expect([entries.length, receiver.arrivals.length]).toEqual([tags, tags]);
}

/** Waits until no worker drains the subscription: one that does needs no job. */
async function drainsEnd(): Promise<void> {
  const leased = 'SELECT FROM webhook_health WHERE lease_until > now()';
  await waitFor('the end of drains', async () => (await installation.database.sql(leased)).length === 0);
}

/** Waits until a job was added to Redis, and taken from there. */
async function jobsPass(url: string): Promise<void> {
  const redis = await connectRedis(url, {});
  const keyOf = (type: string) => `${QUEUE}:${DELIVERIES_QUEUE}:${type}`;
  try {
    const before = await redis.get(keyOf('id'));
    await waitFor('a job', async () => {
      await drainsEnd();
      await installation.api.createTag(`tag ${(tags += 1)}`);
      return (await redis.get(keyOf('id'))) !== before;
    });
    await waitFor('it to be taken', async () => (await redis.llen(keyOf('wait'))) === 0);
  } finally {
    redis.disconnect();
  }
}

/** Waits until a worker has told the end of each outage, and returns how many it has told. */
async function outagesOf(worker: Launched): Promise<number> {
  const ended = () => worker.output().match(/The job queue works again/g)?.length ?? 0;
  await waitFor('the end of outages', async () => {
    await installation.api.createTag(`tag ${(tags += 1)}`);
    return ended() === problemsOf(worker).length;
  });
  expect(new Set(problemsOf(worker))).toEqual(new Set(ended() > 0 ? [FAILS] : []));
  return ended();
}

const startWorkers = (url: string) =>
  Promise.all([installation.startWorker({ REDIS_URL: url }), installation.startWorker({ REDIS_URL: url })]);

(HAS_REDIS ? describe : describe.skip)('Deliveries whose jobs are in Redis', () => {
  beforeAll(subscribe);
  afterEach(() => installation.stopWorkers());
  afterAll(async () => {
    await installation.remove();
    await receiver.close();
  });

  describe('as a cluster', () => {
    let cluster: RedisCluster;
    beforeAll(async () => {
      cluster = await startRedisCluster();
    });
    afterAll(() => cluster.end());

    it('all arrive, once, while slots move and a master is killed, whose replica takes over', async () => {
      const workers = await startWorkers(cluster.url);
      await jobsPass(cluster.url);
      const [first, second, third, replica] = cluster.servers as [RedisServer, RedisServer, RedisServer, RedisServer];
      await whileWriting(async () => {
        for (const master of [second, third, first]) {
          await cluster.move(QUEUE, master);
          await arrive(50);
        }
        await first.kill();
        await waitFor('the replica', async () => (await cluster.serverOf(QUEUE)) === replica);
        await arrive(50);
      });
      await jobsPass(cluster.url);
      await first.start();
      await allArriveOnce();
      for (const worker of workers) await outagesOf(worker);
    });

    it('all arrive, once, while it is unavailable; a worker says once that it is, and once that it is back', async () => {
      const [, { url }] = cluster.servers as [RedisServer, RedisServer];
      // One of the nodes is enough to find the others.
      const worker = await installation.startWorker({ REDIS_URL: url });
      await jobsPass(url);
      await whileWriting(async () => {
        await Promise.all(cluster.servers.map((server) => server.kill()));
        await worker.told(/The job queue fails/);
        await arrive(50);
        await Promise.all(cluster.servers.map((server) => server.start()));
        await worker.told(/The job queue works again/);
      });
      await jobsPass(cluster.url);
      await allArriveOnce();
      expect(await outagesOf(worker)).toBe(1);
    });
  });

  describe('with sentinels', () => {
    let sentinels: SentinelSet;
    beforeAll(async () => {
      sentinels = await startSentinelSet();
    });
    afterAll(() => sentinels.end());

    it('all arrive, once, while the master is killed, whose replica takes over', async () => {
      const workers = await startWorkers(sentinels.url);
      await jobsPass(sentinels.url);
      await whileWriting(async () => {
        await arrive(50);
        const [master, replica] = sentinels.servers as [RedisServer, RedisServer];
        await master.kill();
        await waitFor('the replica', async () => (await sentinels.masters()).every((port) => port === replica.port));
        await arrive(50);
      });
      await jobsPass(sentinels.url);
      await allArriveOnce();
      // A worker that connects again only after the failover has had none.
      for (const worker of workers) expect(await outagesOf(worker)).toBeLessThanOrEqual(1);
    });
  });
});

(HAS_REDIS ? describe : describe.skip)('A master that vanishes without a word', () => {
  it('is left for its replica as soon as the sentinels say so', async () => {
    const sentinels = await startSentinelSet();
    const [master, replica] = sentinels.servers as [RedisServer, RedisServer];
    const redis = await connectRedis(sentinels.url, {});
    redis.on('error', () => undefined);
    const ports: string[] = [];
    const ask = async () => ports.push(((await redis.config('GET', 'port')) as [name: string, port: string])[1]);
    try {
      await ask();
      master.freeze();
      await Promise.race([ask(), waitFor('the replica to answer', () => ports.length > 1)]);
      expect(ports).toEqual([master, replica].map(({ port }) => String(port)));
    } finally {
      redis.disconnect();
      await sentinels.end();
    }
  });
});

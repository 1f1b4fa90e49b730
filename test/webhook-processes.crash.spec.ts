import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { startDnsServer } from '#libs/testing/dns-server.js';
import { answering, type Behaviour, type FaultyReceiver, startFaultyReceiver } from '#libs/testing/faulty-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { FIRST_ATTEMPTS } from '#libs/webhooks/delivery/draining/concurrency-window.js';
import { PARALLEL } from '#libs/webhooks/delivery/draining/drain-statements.js';
import { holdUp } from './support/hold-up.js';
import { type Installation, startInstallation } from './support/installation.js';
import { killPostgres } from './support/instance.js';
import { forgetAllJobs } from './support/jobs.js';
import { type Launched } from './support/launch.js';
import { problemsOf } from './support/log-lines.js';
import { type Request, settled, tagEvents } from './support/ledger.js';
import { HAS_REDIS, type RedisServer, startRedisServer } from './support/redis-server.js';

const taking = answering('200 OK');
const silent: Behaviour = () => undefined;
const slowly =
  (ms: number): Behaviour =>
  (socket, request) =>
    setTimeout(() => {
      taking(socket, request);
    }, ms);

const headerOf = (request: string, name: string) => new RegExp(`^${name}: (\\S+)`, 'im').exec(request)?.[1] ?? '';

/** A receiver whose behaviour can change, and the subscription that is delivered to it. */
class Subscriber {
  id: string;
  behave: Behaviour;
  readonly #received: Request[] = [];
  #organizationId: string;
  /** Events that had been there before. */
  #earlier: number;
  private constructor(readonly receiver: FaultyReceiver) {}

  static async start(behaviour: Behaviour, hostname = '127.0.0.1'): Promise<Subscriber> {
    const subscriber: Subscriber = new Subscriber(
      await startFaultyReceiver((socket, request) => {
        subscriber.#received.push({ subscriptionId: subscriber.id, eventId: headerOf(request, 'webhook-id') });
        subscriber.behave(socket, request);
      }),
    );
    subscribers.push(subscriber);
    subscriber.behave = behaviour;
    const url = `http://${hostname}:${subscriber.receiver.port}/`;
    subscriber.id = (await installation.api.subscribe(url, ['TagCreated'])).id;
    subscriber.#organizationId = await organizationId();
    subscriber.#earlier = (await tagEvents(installation.database, subscriber.#organizationId)).length;
    return subscriber;
  }

  get requests(): string[] {
    return this.receiver.requests;
  }

  /**
   * Waits for the end of all deliveries, which is to be a good one; answers how many there are, and how many requests.
   * @param unrecorded requests that may have come without a record
   */
  async settled(unrecorded = 0): Promise<{ delivered: number; requests: number }> {
    const events = (await tagEvents(installation.database, this.#organizationId)).slice(this.#earlier);
    const books = { subscriptions: [this.id], events, requests: this.#received, unrecorded };
    const entries = await settled(installation.database, this.#organizationId, books);
    const delivered = entries.filter(({ state }) => state === 'delivered');
    return { delivered: delivered.length, requests: this.#received.length };
  }

  async stop(): Promise<void> {
    await installation.api.delete(`/v1/webhooks/${this.id}`);
    await this.receiver.close();
  }
}

let installation: Installation;
const subscribers: Subscriber[] = [];
let tags = 0;
beforeAll(async () => {
  installation = await startInstallation({ WEBHOOK_RETRY_SCHEDULE: '0.2'.concat(',0.2'.repeat(19)) });
});
afterAll(() => installation.remove());
afterEach(async () => {
  for (const subscriber of subscribers.splice(0)) await subscriber.stop();
  await installation.stopWorkers();
});

async function createTags(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => installation.api.createTag(`tag ${(tags += 1)}`)));
}

/** What somebody who is gone has asked of the database does not happen any more. */
const breakConnectionsThatWait = () =>
  installation.database.sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );

const eachOnce = (deliveries: number) => ({ delivered: deliveries, requests: deliveries });

/** In milliseconds, by the clock of the worker that sent it. */
const sentAt = (request: string) => Number(headerOf(request, 'webhook-timestamp')) * 1000;

/** Of the only one. */
async function organizationId(): Promise<string> {
  const text = 'SELECT organization_id AS id FROM webhook_subscriptions';
  const [found] = await installation.database.sql<{ id: string }>(text);
  return found?.id as string;
}

/** The one of the workers that has told of attempts. */
const senderAmong = (workers: Launched[]) => workers.find((worker) => worker.output().includes('webhook attempt'));

describe('kill -9 of a worker', () => {
  it('loses no delivery, three times in a row: before it is sent, while it is answered, before that is recorded', async () => {
    const dns = await startDnsServer();
    dns.resolve('receiver.test', 'silence');
    const [unsent, unanswered, unrecorded] = [
      await Subscriber.start(taking, 'receiver.test'),
      await Subscriber.start(silent),
      await Subscriber.start(taking),
    ];
    await createTags(1);
    for (let kill = 1; kill <= 3; kill++) {
      const asked = dns.questions.length;
      const whenHeldUp = await holdUp(installation, `SELECT take_redaction_lock('${await organizationId()}')`);
      const worker = await installation.startWorker({ WEBHOOK_DNS_SERVERS: dns.address });
      await waitFor('the look-up of a name', () => dns.questions.length > asked);
      await waitFor('a request', () => unanswered.requests.length === kill && unrecorded.requests.length === kill);
      await whenHeldUp(async () => {
        await worker.end('SIGKILL');
        await breakConnectionsThatWait();
      });
    }
    dns.resolve('receiver.test', ['127.0.0.1']);
    unanswered.behave = taking;
    await installation.startWorker({ WEBHOOK_DNS_SERVERS: dns.address });
    expect(await unsent.settled()).toEqual(eachOnce(1));
    expect(await unanswered.settled(3)).toEqual({ delivered: 1, requests: 4 });
    expect(await unrecorded.settled(3)).toEqual({ delivered: 1, requests: 4 });
    await dns.close();
  });

  it('leaves what it had not sent to another, which delivers the rest', async () => {
    const workers = [await installation.startWorker(), await installation.startWorker()];
    const subscriber = await Subscriber.start(slowly(100));
    await createTags(300);
    await waitFor(
      'a part of the deliveries',
      () => subscriber.requests.length >= 100,
      () => subscriber.requests.length,
    );
    const sender = await waitFor('the record of one', () => senderAmong(workers));
    const start = performance.now();
    await sender.end('SIGKILL');
    const { delivered, requests } = await subscriber.settled(PARALLEL);
    const seconds = (performance.now() - start) / 1000;
    process.stdout.write(
      `The rest after ${seconds.toFixed(1)} s, ${requests - delivered} of ${delivered} sent twice\n`,
    );
    expect(delivered).toBe(300);
  });
});

describe('Two workers', () => {
  let subscribed: Subscriber[];
  beforeEach(async () => {
    subscribed = await Promise.all(Array.from({ length: 10 }, () => Subscriber.start(taking)));
  });
  const startWorkers = (env: NodeJS.ProcessEnv = {}) =>
    Promise.all([installation.startWorker(env), installation.startWorker(env)]);
  const settledAll = () => Promise.all(subscribed.map((subscriber) => subscriber.settled()));

  it('deliver all, each once, while jobs can be neither added nor taken', async () => {
    await startWorkers({ REDIS_URL: undefined });
    const whenHeldUp = await holdUp(installation, 'LOCK TABLE bullmq.job');
    await createTags(30);
    await whenHeldUp(async () => {
      expect(await settledAll()).toEqual(subscribed.map(() => eachOnce(30)));
    });
  });

  it('deliver all, each once, while others keep all processors busy', async () => {
    await startWorkers();
    const others = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;);']),
    );
    try {
      await createTags(60);
      expect(await settledAll()).toEqual(subscribed.map(() => eachOnce(60)));
    } finally {
      for (const other of others) other.kill('SIGKILL');
    }
  });
});

describe('SIGTERM to a worker that is delivering', () => {
  const events = 4 * PARALLEL;

  it('lets it record the attempts that are under way, and end; nothing is sent twice', async () => {
    const [slow, hanging] = [await Subscriber.start(slowly(500)), await Subscriber.start(silent)];
    const worker = await installation.startWorker({ WEBHOOK_TIMEOUT_SECONDS: '8' });
    await createTags(events);
    const underWay = () => slow.requests.length > PARALLEL && hanging.requests.length >= FIRST_ATTEMPTS;
    await waitFor('attempts under way', underWay, () => slow.requests.length + hanging.requests.length);
    expect(await worker.end('SIGTERM')).toBe(0);
    for (const { id, requests } of [slow, hanging]) {
      const attempts = await installation.database.sql('SELECT FROM webhook_attempts WHERE subscription_id = $1', [id]);
      expect(attempts).toHaveLength(requests.length);
    }
    expect(slow.requests.length).toBeLessThan(events);
    hanging.behave = taking;
    await installation.startWorker();
    expect(await slow.settled()).toEqual(eachOnce(events));
    expect(await hanging.settled()).toMatchObject({ delivered: events });
  });
});

describe('kill -9 of PostgreSQL while deliveries run', () => {
  it('loses none; what ends before the database is back is recorded then, and not repeated', async () => {
    const answers: (() => void)[] = [];
    const held = await Subscriber.start((...request) => answers.push(() => { taking(...request); })); // prettier-ignore
    const running = await Subscriber.start(slowly(300));
    await createTags(200);
    await installation.startWorker();
    const underWay = () => answers.length === FIRST_ATTEMPTS && running.requests.length > PARALLEL;
    await waitFor('attempts under way', underWay, () => answers.length + running.requests.length);
    await createTags(1);
    await killPostgres(installation.dataDir);
    held.behave = taking;
    for (const answer of answers) answer();
    await waitFor('the database', async () => (await installation.api.get('/health')).status === 200);
    await createTags(1);
    expect(await held.settled()).toEqual(eachOnce(202));
    expect(await running.settled()).toEqual(eachOnce(202));
  });
});

if (HAS_REDIS) {
  describe('kill -9 of Redis, which comes back empty, while deliveries run', () => {
    let redis: RedisServer;
    beforeEach(async () => {
      redis = await startRedisServer();
    });
    afterEach(async () => {
      await installation.stopWorkers();
      await redis.kill();
    });

    it('loses none and repeats none, also of events that come while it is unavailable', async () => {
      const subscriber = await Subscriber.start(slowly(300));
      await installation.startWorker({ REDIS_URL: redis.url });
      await createTags(200);
      await waitFor(
        'some deliveries',
        () => subscriber.requests.length > PARALLEL,
        () => subscriber.requests.length,
      );
      await redis.kill();
      const newcomer = await Subscriber.start(taking);
      await createTags(10);
      await waitFor('their deliveries to be stored', async () => {
        const rows = 'SELECT FROM webhook_deliveries WHERE subscription_id = $1';
        return (await installation.database.sql(rows, [newcomer.id])).length === 10;
      });
      await redis.start();
      expect(await subscriber.settled()).toEqual(eachOnce(210));
      expect(await newcomer.settled()).toEqual(eachOnce(10));
    });

    it('keeps no worker from delivering, which says once that it is unavailable, and once that it is back', async () => {
      const subscriber = await Subscriber.start(taking);
      const worker = await installation.startWorker({ REDIS_URL: redis.url });
      await createTags(1);
      expect(await subscriber.settled()).toEqual(eachOnce(1));
      await redis.kill();
      await createTags(20);
      expect(await subscriber.settled()).toEqual(eachOnce(21));
      const newcomer = await installation.startWorker({ REDIS_URL: redis.url });
      await newcomer.told(/The job queue fails/);
      expect(await worker.end('SIGTERM')).toBe(0);
      await createTags(20);
      expect(await subscriber.settled()).toEqual(eachOnce(41));
      await redis.start();
      await newcomer.told(/The job queue works again/);
      await createTags(1);
      expect(await subscriber.settled()).toEqual(eachOnce(42));
      expect(problemsOf(worker)).toEqual(['The job queue fails; due deliveries are found in the database']);
      expect(problemsOf(newcomer)).toEqual(problemsOf(worker));
      expect(newcomer.output().match(/The job queue works again/g)).toHaveLength(1);
    });
  });
}

describe('A worker whose clock is a minute ahead', () => {
  it('sends nothing twice that another sends, also when no job says who does; nothing is lost', async () => {
    const clockAhead = '--import ./test/support/clock-ahead.ts';
    const first = await Subscriber.start(slowly(1_000));
    await installation.startWorker({ NODE_OPTIONS: clockAhead });
    await createTags(40);
    await waitFor('the first deliveries', () => first.requests.length > 0);
    await installation.startWorker();
    const all = [first];
    const isAhead = (request: string) => sentAt(request) > Date.now() + 10_000;
    const sent = () => all.flatMap(({ requests }) => requests);
    await waitFor('both workers to have a subscription', async () => {
      const newcomer = await Subscriber.start(slowly(1_000));
      all.push(newcomer);
      await createTags(20);
      await waitFor('its first delivery', () => newcomer.requests.length > 0);
      return sent().some(isAhead) && !sent().every(isAhead);
    });
    await createTags(100);
    await forgetAllJobs(installation);
    for (const subscriber of all) {
      const { delivered, requests } = await subscriber.settled();
      expect(requests).toBe(delivered);
    }
    const ahead = sent().filter(isAhead).length;
    process.stdout.write(`${ahead} of ${sent().length} sent by the worker whose clock is ahead\n`);
  });
});

import { VERSION } from '#apps/product.js';
import { Redis } from 'ioredis';
import { register } from 'prom-client';
import { waitFor } from '#libs/testing/wait-for.js';
import { type Answer, ApiClient } from './support/api-client.js';
import { startRedisCluster } from './support/redis-cluster.js';
import { startSentinelSet } from './support/redis-sentinels.js';
import { HAS_REDIS, type RedisServer, startRedisServer } from './support/redis-server.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const shop = { name: 'Shop', scopes: ['tags:write'] };
const LIMITED = { RATE_LIMIT_PER_SECOND: '2', RATE_LIMIT_BURST: '10' };
const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
const many = (count: number, call: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, call));
/** What is left and for how long, as the answer says. */
const state = ({ headers }: Answer) =>
  /^"default";r=(\d+);t=(\d+)$/
    .exec(headers.get('ratelimit') ?? '')
    ?.slice(1)
    .map(Number);

const isFine = async ({ url }: TestApp) => (await new ApiClient(url, '').get('/health')).body.status === 'ok';

describe('The rate limit', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ env: { ...LIMITED, RATE_LIMIT_FAILURES_PER_SECOND: '5' } });
    await waitFor('Redis, if there is one', () => isFine(app));
  });
  afterAll(() => app.close());

  it('lets each token through as often as it says, and tells when there is more', async () => {
    const [api, other] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const answers = await many(13, () => api.get('/v1/tags'));
    expect(statuses(answers)).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429, 429]);
    for (const answer of answers) expect(answer.headers.get('ratelimit-policy')).toBe('"default";q=10;w=5');
    expect(answers.map((answer) => state(answer)?.[0])).toEqual(expect.arrayContaining([9, 8, 1, 0]));
    const refused = answers.find(({ status }) => status === 429) as Answer;
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(5);
    expect(state(refused)).toEqual([0, seconds]);
    expect(refused.body).toEqual({
      message: `Too many requests; try again in ${seconds} second${seconds === 1 ? '' : 's'}`,
      code: 'too-many-requests',
      requestId: expect.any(String),
    });
    expect((await other.get('/v1/tags')).status).toBe(200);
    const again = await waitFor('the next window', async () => {
      const answer = await api.get('/v1/tags');
      return answer.status === 200 && answer;
    });
    expect(state(again)?.[0]).toBe(9);
  });

  it('shows on errors, too, whatever they are about', async () => {
    const api = await app.createTestOrganization();
    const limited = await app.clientWith(['tags:write'], api);
    const answers = [
      await limited.get('/v1/teams'),
      await limited.post('/v1/tags', '{"name": '),
      await limited.post('/v1/tags', {}),
      await limited.get('/v1/tags/nothing'),
      await limited.send('POST', '/v1/tags', 'x', { 'content-type': 'text/plain' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 400, 400, 400, 415]);
    expect(answers.map((answer) => state(answer)?.[0])).toEqual([9, 8, 7, 6, 5]);
  });

  it('is the token’s own where it has one, for its secrets together', async () => {
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', { ...shop, rateLimit: { perSecond: 1, burst: 3 } });
    expect(token.rateLimit).toEqual({ perSecond: 1, burst: 3 });
    const rotated = (await api.post(`/v1/tokens/${token.id}/rotate`)).body.data;
    const clients = [token, rotated].map(({ secret }) => new ApiClient(app.url, secret));
    const answers = (await Promise.all(clients.map((client) => many(2, () => client.get('/v1/tags'))))).flat();
    expect(statuses(answers)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"default";q=3;w=3');
  });

  it('counts each item of a bulk request, also those beyond the limit, which the time after it makes up for', async () => {
    const api = await app.createTestOrganization();
    const bulk = (count: number) =>
      api.post('/v1/endusers/bulk', { data: Array.from({ length: count }, () => ({ displayName: 'x' })) });
    expect(state(await bulk(4))?.[0]).toBe(6);
    const beyond = await bulk(26);
    expect(beyond.status).toBe(201);
    expect(beyond.body.data).toHaveLength(26);
    const [left, seconds] = state(beyond) as [number, number];
    expect(left).toBe(0);
    // 20 beyond what was left, at 2 a second, and what is left of the window.
    expect(seconds).toBeGreaterThan(10);
    expect(seconds).toBeLessThanOrEqual(15);
    const refused = await api.get('/v1/tags');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(5);
  });

  it('counts a bulk request that is not valid by its items, too', async () => {
    const api = await app.createTestOrganization();
    expect(state(await api.post('/v1/agents/bulk', [1, 2, 3]))?.[0]).toBe(7);
    expect(state(await api.post('/v1/agents/bulk', { data: 'x' }))?.[0]).toBe(6);
  });

  it('does not concern what needs no token', async () => {
    const stranger = new ApiClient(app.url, '');
    for (const path of ['/health', '/openapi.json']) {
      const answers = await many(15, () => stranger.get(path));
      expect(new Set(statuses(answers))).toEqual(new Set([200]));
      expect(answers[0]?.headers.has('ratelimit')).toBe(false);
    }
  });

  it('makes whoever guesses tokens wait, but not those whose token is known here', async () => {
    const api = await app.createTestOrganization();
    expect((await api.get('/v1/tags')).status).toBe(200);
    const guesser = new ApiClient(app.url, 'dsk_guessed-guessed-guessed-guessed-guessed');
    const answers: Answer[] = [];
    for (let guess = 0; guess < 12; guess++) answers.push(await guesser.get('/v1/tags'));
    expect(answers.slice(0, 10).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(answers[11]?.status).toBe(429);
    expect(Number(answers[11]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await api.get('/v1/tags')).status).toBe(200);
  });
});

describe('A client behind a proxy', () => {
  const guess = (app: TestApp, from: string) =>
    new ApiClient(app.url, 'dsk_guessed-guessed-guessed-guessed-guessed').send('GET', '/v1/tags', undefined, {
      'x-forwarded-for': from,
    });

  it('is told from others only when the proxy is trusted', async () => {
    const env = { ...LIMITED, RATE_LIMIT_FAILURES_PER_SECOND: '1' };
    const trusting = await startTestApp({ env: { ...env, TRUSTED_PROXIES: '127.0.0.0/8' } });
    const wary = await startTestApp({ env, beside: trusting });
    try {
      const networks = ['192.0.2.1', '2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.2'];
      const told = [];
      for (const from of networks) told.push((await guess(trusting, from)).status);
      expect(told).toEqual([401, 401, 401, 429, 401]);
      const untold = [];
      for (const from of networks) untold.push((await guess(wary, from)).status);
      expect(untold.slice(0, 3)).toEqual([401, 401, 429]);
    } finally {
      await wary.close();
      await trusting.close();
    }
  });
});

describe('Without a rate limit', () => {
  it('answers say nothing of one', async () => {
    const app = await startTestApp({ env: { RATE_LIMIT_PER_SECOND: 'none', RATE_LIMIT_BURST: '' } });
    try {
      const answer = await (await app.createTestOrganization()).get('/v1/tags');
      expect([answer.status, answer.headers.has('ratelimit-policy')]).toEqual([200, false]);
    } finally {
      await app.close();
    }
  });
});

/** Two applications with one Redis. */
type Pair = [TestApp, TestApp];

async function startPair(redisUrl: string): Promise<Pair> {
  const env = { ...LIMITED, RATE_LIMIT_BURST: '20', REDIS_URL: redisUrl };
  const first = await startTestApp({ env });
  return [first, await startTestApp({ env, beside: first })];
}

/** How many of so many requests of a new token to both are let in. */
async function letIn(apps: Pair, count: number): Promise<number> {
  const { token } = await apps[0].createTestOrganization();
  const clients = apps.map(({ url }) => new ApiClient(url, token));
  const answers = await Promise.all(clients.map((client) => many(count, () => client.get('/v1/tags'))));
  const counted = statuses(answers.flat());
  expect(counted.filter((status) => status !== 200 && status !== 429)).toEqual([]);
  return counted.filter((status) => status === 200).length;
}

const areFine = async (apps: Pair) => (await Promise.all(apps.map(isFine))).every((fine) => fine);

const toCountTogether = (apps: Pair) => waitFor('both to count together', async () => (await letIn(apps, 25)) === 20);

(HAS_REDIS ? describe : describe.skip)('The rate limit of several processes', () => {
  let redis: RedisServer;
  let apps: Pair;
  beforeAll(async () => {
    redis = await startRedisServer();
    apps = await startPair(redis.url);
  });
  afterAll(async () => {
    for (const app of apps.toReversed()) await app.close();
    await redis.kill();
  });

  it('is one for all of them, and one for each while Redis is unavailable', async () => {
    await toCountTogether(apps);
    await redis.kill();
    expect(await letIn(apps, 25)).toBe(40);
    await redis.start();
    await toCountTogether(apps);
  });

  it.each([
    ['may not write', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
    ['has no room', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['lets nobody in', ['ACL', 'SETUSER', 'default', '-@all', '+acl'], ['ACL', 'SETUSER', 'default', '+@all']],
  ])('is one for each while Redis %s, which health and metrics show', async (_, begin, end) => {
    const [one, other] = [new ApiClient(apps[0].url, ''), new ApiClient(apps[1].url, '')];
    const operator = new Redis(redis.url, { enableReadyCheck: false });
    const tell = ([command, ...args]: string[]) => operator.call(command as string, ...args);
    try {
      await tell(begin);
      expect(await letIn(apps, 25)).toBe(40);
      for (const api of [one, other]) {
        const health = await api.get('/health');
        expect([health.status, health.body]).toEqual([
          200,
          { status: 'degraded', message: expect.stringContaining('Redis'), version: VERSION },
        ]);
      }
      expect(await register.metrics()).toContain('deskstream_degraded{part="rate_limits"} 1');
      await tell(end);
      await waitFor('both to be fine', () => areFine(apps));
      expect(await register.metrics()).toContain('deskstream_degraded{part="rate_limits"} 0');
      await toCountTogether(apps);
    } finally {
      operator.disconnect();
    }
  });

  it('holds no request up while Redis hangs', async () => {
    const [api, other] = [await apps[0].createTestOrganization(), await apps[0].createTestOrganization()];
    redis.freeze();
    const begun = performance.now();
    expect((await api.get('/v1/tags')).status).toBe(200);
    expect((await api.get('/v1/tags')).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(statuses(await many(25, () => other.get('/v1/tags'))).lastIndexOf(200)).toBe(19);
  });
});

(HAS_REDIS ? describe : describe.skip).each([
  ['a cluster', startRedisCluster],
  ['sentinels', startSentinelSet],
])('The rate limit of several processes with %s', (_, startRedis) => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let apps: Pair;
  beforeAll(async () => {
    redis = await startRedis();
    apps = await startPair(redis.url);
    await toCountTogether(apps);
  });
  afterAll(async () => {
    for (const app of apps.toReversed()) await app.close();
    await redis.end();
  });

  /** So many tokens that several nodes of a cluster count some. */
  const toCountMany = async () => {
    for (let tokens = 0; tokens < 6; tokens++) await toCountTogether(apps);
  };

  it('is one for all of them, for each token, and for the items of a bulk request', async () => {
    await toCountMany();
    const api = await apps[0].createTestOrganization();
    await api.post('/v1/endusers/bulk', { data: Array.from({ length: 26 }, () => ({ displayName: 'x' })) });
    expect((await new ApiClient(apps[1].url, api.token).get('/v1/tags')).status).toBe(429);
  });

  it('is one for all of them again when a replica has taken over from its master', async () => {
    await redis.servers[0]?.kill();
    await toCountMany();
    await waitFor('both to be fine', () => areFine(apps));
  });

  it('is one for each while all of Redis is unavailable, which health shows', async () => {
    await Promise.all(redis.servers.map((server) => server.kill()));
    expect(await letIn(apps, 25)).toBe(40);
    for (const app of apps) expect(await isFine(app)).toBe(false);
  });
});

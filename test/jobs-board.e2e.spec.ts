import { randomBytes } from 'node:crypto';
import { loadConfig } from '#apps/config.js';
import { openCipher } from '#apps/master-key.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch, type Launched } from './support/launch.js';
import { HAS_REDIS, type RedisServer, startRedisServer } from './support/redis-server.js';

const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');
const JOBS_BOARD_TOKEN = randomBytes(32).toString('hex');
const QUEUE = '/api/queues/webhook-deliveries';

let database: TestDatabase;
let redis: RedisServer | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
  redis = HAS_REDIS ? await startRedisServer() : undefined;
  await openCipher(loadConfig({ DESKSTREAM_MASTER_KEY }), database.ownerUrl, true);
});
afterAll(async () => {
  await redis?.kill();
  await database.drop();
});

function start(env: NodeJS.ProcessEnv, name = 'worker'): Launched {
  return launch([`dist/apps/${name}/main.js`], {
    HOST: '127.0.0.1',
    PORT: '0',
    JOBS_BOARD_PORT: '0',
    DATABASE_URL: database.appUrl,
    DESKSTREAM_MASTER_KEY,
    ...env,
  });
}

const basic = (password: string) => ({ authorization: `Basic ${btoa(`operator:${password}`)}` });

/** Runs a test against the board of a process. Its requests have the token unless they have other headers. */
async function withBoard(
  env: NodeJS.ProcessEnv,
  test: (ask: (path: string, init?: RequestInit) => Promise<Response>) => Promise<void>,
  name?: string,
): Promise<void> {
  const launched = start({ JOBS_BOARD_TOKEN, ...env }, name);
  try {
    const [, url] = await launched.told(/"url":"(http:[^"]+)".*The jobs board is served/);
    await test((path, init) => fetch(`${url}${path}`, { headers: basic(JOBS_BOARD_TOKEN), ...init }));
    expect(await launched.end('SIGTERM')).toBe(0);
  } finally {
    await launched.end('SIGKILL');
  }
}

const change = (path: string, body: object = {}, headers: Record<string, string> = {}): [string, RequestInit] => [
  `${QUEUE}${path}`,
  {
    method: 'PUT',
    headers: { ...basic(JOBS_BOARD_TOKEN), 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  },
];

/** The body of an error: that of the API, and `error` for Bull Board's page. */
const refusal = (code: string, message: RegExp) => ({
  code,
  message: expect.stringMatching(message),
  error: code,
  requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
});

describe('Without JOBS_BOARD_TOKEN', () => {
  it('there is no jobs board', async () => {
    const worker = start({});
    await worker.told(/The worker is running/);
    await worker.end('SIGTERM');
    expect(worker.output()).not.toContain('jobs board');
  });
});

describe.each([
  ['PostgreSQL', () => ({})],
  ...(HAS_REDIS ? [['Redis', () => ({ REDIS_URL: redis?.url })] as const] : []),
] as const)('The jobs board on %s', (_store, env) => {
  it('shows its page and the queue to those who have the token', () =>
    withBoard(env(), async (ask) => {
      const page = await ask('/');
      expect(await page.text()).toContain('<title>Deskstream jobs</title>');
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
      expect((await ask('/static/images/logo.svg')).status).toBe(200);
      expect(await (await ask('/api/queues')).json()).toMatchObject({
        queues: [{ name: 'webhook-deliveries', readOnlyMode: true, counts: { active: 0 } }],
      });
      expect((await ask('/api/redis/stats')).status).toBe(200);
    }));

  it('refuses changes unless it is writable', () =>
    withBoard(env(), async (ask) => {
      const [, put] = change('');
      for (const path of [`${QUEUE}/pause`, `${QUEUE}/empty`, `${QUEUE}/obliterate`, '/api/queues/pause']) {
        const refused = await ask(path, put);
        expect([refused.status, refused.headers.get('allow'), await refused.json()]).toEqual([
          405,
          'GET, HEAD',
          refusal('method-not-allowed', /JOBS_BOARD_WRITABLE/),
        ]);
      }
      expect(await (await ask('/api/queues')).json()).toMatchObject({ queues: [{ isPaused: false }] });
    }));

  it('takes changes when it is writable, but none that another site sends', () =>
    withBoard({ ...env(), JOBS_BOARD_WRITABLE: 'true' }, async (ask) => {
      const isPaused = async () => {
        const { queues } = (await (await ask('/api/queues')).json()) as { queues: { isPaused: boolean }[] };
        return queues[0]?.isPaused;
      };
      const refused = await ask(...change('/pause', {}, { 'sec-fetch-site': 'cross-site' }));
      expect([refused.status, await refused.json()]).toEqual([403, refusal('forbidden', /Only the board itself/)]);
      expect((await ask(...change('/pause', {}, { origin: 'https://evil.example' }))).status).toBe(403);
      expect(await isPaused()).toBe(false);
      expect((await ask(...change('/pause', {}, { 'sec-fetch-site': 'same-origin' }))).status).toBe(200);
      expect(await isPaused()).toBe(true);
      expect((await ask(...change('/resume'))).status).toBe(200);
      expect(await isPaused()).toBe(false);
    }));
});

(HAS_REDIS ? describe : describe.skip)('While Redis is away, the jobs board', () => {
  it('starts all the same, says why it shows no jobs, and shows them as soon as Redis is there', async () => {
    const own = await startRedisServer();
    await own.kill();
    await withBoard({ REDIS_URL: own.url }, async (ask) => {
      const expectRefusal = async () => {
        const refused = await ask('/api/queues');
        expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
          503,
          '5',
          refusal('unavailable', /^The server of the job queue does not answer at the moment \(.+\)$/),
        ]);
        expect((await ask('/')).status).toBe(200);
      };
      const expectQueue = async () => {
        expect(await (await ask('/api/queues')).json()).toMatchObject({ queues: [{ name: 'webhook-deliveries' }] });
      };
      await expectRefusal();
      await own.start();
      await expectQueue();
      await own.kill();
      await expectRefusal();
      await own.start();
      await waitFor('the queue', async () => (await ask('/api/queues')).status === 200);
      await expectQueue();
    });
    await own.kill();
  });
});

describe('The jobs board', () => {
  it('shows nothing without the token', () =>
    withBoard({}, async (ask) => {
      for (const path of ['/', '/api/queues', '/static/images/logo.svg', '/nowhere']) {
        for (const headers of [{}, basic('wrong'), { authorization: `Bearer ${JOBS_BOARD_TOKEN}` }]) {
          const answer = await ask(path, { headers });
          expect([answer.status, answer.headers.get('www-authenticate'), await answer.json()]).toEqual([
            401,
            expect.stringMatching(/^Basic realm=/),
            refusal('unauthenticated', /JOBS_BOARD_TOKEN as the password/),
          ]);
        }
      }
    }));

  it('says which paths and methods it does not have', () =>
    withBoard({ JOBS_BOARD_WRITABLE: 'true' }, async (ask) => {
      const unknown = await ask('/nowhere');
      expect([unknown.status, await unknown.json()]).toEqual([404, refusal('not-found', /^There is no \/nowhere$/)]);
      const wrong = await ask('/api/queues', { method: 'DELETE', headers: basic(JOBS_BOARD_TOKEN) });
      expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }));

  it('lets a client wait after too many wrong passwords', () =>
    withBoard({ RATE_LIMIT_FAILURES_PER_SECOND: '1' }, async (ask) => {
      const statuses = [];
      for (let guess = 0; guess < 20; guess++) statuses.push((await ask('/', { headers: basic('wrong') })).status);
      expect([statuses[0], statuses[1]]).toEqual([401, 401]);
      expect(statuses).toContain(429);
    }));

  it('is also that of npm start', () =>
    withBoard(
      {},
      async (ask) => {
        expect((await ask('/api/queues')).status).toBe(200);
      },
      'standalone',
    ));
});

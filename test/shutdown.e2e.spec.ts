import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { loadConfig } from '#apps/config.js';
import { VERSION } from '#apps/product.js';
import { openCipher } from '#apps/master-key.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch, type Launched } from './support/launch.js';

const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');
const DESKSTREAM_COMMIT = 'c0ffee1';
const PRODUCT = { version: VERSION, commit: DESKSTREAM_COMMIT };
/** Longer than any test waits. */
const FOR_EVER = '300';

let database: TestDatabase;
let launched: Launched | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
  await openCipher(loadConfig({ DESKSTREAM_MASTER_KEY }), database.ownerUrl, true);
});
afterEach(() => launched?.end('SIGKILL'));
afterAll(() => database.drop());

function start(name: string, env: NodeJS.ProcessEnv): Launched {
  launched = launch([`dist/apps/${name}/main.js`], {
    HOST: '127.0.0.1',
    DATABASE_URL: database.appUrl,
    DESKSTREAM_MASTER_KEY,
    DESKSTREAM_COMMIT,
    ...env,
  });
  return launched;
}

async function startApi(SHUTDOWN_DELAY_SECONDS: string): Promise<{ api: Launched; url: string; port: number }> {
  const port = await freePort();
  const api = start('api', { PORT: String(port), SHUTDOWN_DELAY_SECONDS });
  await api.told(/The API is served/);
  return { api, port, url: `http://127.0.0.1:${port}` };
}

async function asked(
  url: string,
): Promise<{ status: number; connection: string | null; retry: string | null; body: any }> {
  const { status, headers, ...response } = await fetch(url).then(async (one) => ({
    status: one.status,
    headers: one.headers,
    body: await one.json(),
  }));
  return { status, connection: headers.get('connection'), retry: headers.get('retry-after'), ...response };
}

const isRefused = (url: string) =>
  fetch(url).then(
    () => false,
    () => true,
  );

describe('An API that is told to stop', () => {
  it('is not ready at once, but goes on serving on connections that it ends, until it is told again', async () => {
    const { api, url } = await startApi(FOR_EVER);
    const before = await asked(`${url}/health/ready`);
    expect(before).toMatchObject({ status: 200, body: { status: 'ok', ...PRODUCT } });
    expect(before.connection).toBe('keep-alive');

    api.process.kill('SIGTERM');
    const ready = await waitFor('it not to be ready', async () => {
      const answer = await asked(`${url}/health/ready`);
      return answer.status === 503 && answer;
    });
    expect(ready).toMatchObject({ connection: 'close', retry: '1' });
    expect(ready.body).toEqual({
      message: 'This process is stopping',
      code: 'unavailable',
      requestId: expect.any(String),
    });
    expect(await asked(`${url}/health/live`)).toMatchObject({ status: 200, connection: 'close' });
    expect(await asked(`${url}/v1/tags`)).toMatchObject({ status: 401, connection: 'close' });

    await waitFor('a second signal to end it', () => {
      api.process.kill('SIGTERM');
      return api.process.exitCode ?? api.process.signalCode;
    });
    expect(api.process.exitCode).toBe(130);
  });

  it('serves the request of a connection that was open when it stopped accepting others', async () => {
    const { api, url, port } = await startApi('0');
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n');
    // The process has read what was sent before the answer to another request.
    await asked(`${url}/health/live`);
    api.process.kill('SIGTERM');
    await waitFor('it to accept no more', () => isRefused(url));
    socket.write('\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(await api.end()).toBe(0);
  });
});

describe('A worker with WORKER_PORT', () => {
  it('tells there whether it lives and is ready, and nothing else', async () => {
    const worker = start('worker', { WORKER_PORT: '0' });
    const [, url] = await worker.told(/"url":"(http:[^"]+\/health)"/);
    await worker.told(/The worker is running/);
    expect(await asked(`${url}/live`)).toMatchObject({ status: 200, body: { status: 'ok', ...PRODUCT } });
    expect(await asked(`${url}/ready`)).toMatchObject({ status: 200, body: { status: 'ok', ...PRODUCT } });
    expect((await fetch(new URL('/v1/tags', url))).status).toBe(404);
    expect(worker.output()).toMatch(new RegExp(`"version":"${VERSION}","commit":"${DESKSTREAM_COMMIT}"`));
    expect(await worker.end('SIGTERM')).toBe(0);
  });

  it('is not ready while the database lacks a migration, and says so', async () => {
    const worker = start('worker', { WORKER_PORT: '0' });
    const [, url] = await worker.told(/"url":"(http:[^"]+\/health)"/);
    const [last] = await database.sql<object>(
      'DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations) RETURNING *',
    );
    try {
      expect(await asked(`${url}/ready`)).toMatchObject({
        status: 503,
        body: { message: 'The database lacks 1 migration. Apply it with: npm run migrate', code: 'unavailable' },
      });
      expect((await asked(`${url}/live`)).status).toBe(200);
    } finally {
      await database.sql('INSERT INTO migrations SELECT * FROM jsonb_populate_record(NULL::migrations, $1)', [last]);
    }
  });
});

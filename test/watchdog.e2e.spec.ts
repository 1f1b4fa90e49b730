import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openCipher } from '#apps/master-key.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { loadConfig } from '#apps/config.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch, type Launched } from './support/launch.js';

const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');
/** Longer than a start holds the event loop on a machine that is busy. */
const TIMEOUT_SECONDS = 4;
const STARTED = { api: /The API is served/, worker: /The worker is running/, standalone: /Deskstream is running/ };
/** Programs that take the event loop for themselves at a signal, for good. */
const LOOP = "process.on('SIGUSR2', () => { for (;;); })";
const MICROTASKS = "process.on('SIGUSR2', () => { const spin = () => Promise.resolve().then(spin); spin(); })";

let database: TestDatabase;
let launched: Launched | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
  await openCipher(loadConfig({ DESKSTREAM_MASTER_KEY }), database.ownerUrl, true);
});
afterEach(() => launched?.end('SIGKILL'));
afterAll(() => database.drop());

async function start(name: keyof typeof STARTED, program: string): Promise<{ launched: Launched; port: number }> {
  const port = await freePort();
  launched = launch(['--import', `data:text/javascript,${encodeURIComponent(program)}`, `dist/apps/${name}/main.js`], {
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: database.appUrl,
    DESKSTREAM_MASTER_KEY,
    EVENT_LOOP_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
  });
  await launched.told(STARTED[name]);
  return { launched, port };
}

describe('A process whose event loop stands', () => {
  it.each([
    ['api', LOOP],
    ['worker', MICROTASKS],
    ['standalone', MICROTASKS],
  ] as const)('ends, and says why in one line: %s', async (name, program) => {
    const { launched } = await start(name, program);
    launched.process.kill('SIGUSR2');
    expect(await launched.end()).toBeNull();
    expect(launched.process.signalCode).toBe('SIGKILL');
    const last = JSON.parse(launched.output().trim().split('\n').at(-1) as string) as object;
    expect(last).toMatchObject({
      level: 'fatal',
      role: name,
      pid: launched.process.pid,
      msg: 'The event loop has been blocked for 4 s: this process ends now. Start it again, unless a supervisor does.',
    });
  });
});

describe('A process that was suspended as a whole', () => {
  it('goes on as if nothing had been', async () => {
    const { launched, port } = await start('api', LOOP);
    launched.process.kill('SIGSTOP');
    // Time is what this is about: longer than the event loop may stand.
    await pause(2 * TIMEOUT_SECONDS * 1_000);
    launched.process.kill('SIGCONT');
    const serves = () => fetch(`http://127.0.0.1:${port}/health`).then(({ ok }) => ok);
    await waitFor('it to serve', serves);
    expect(await launched.end('SIGTERM')).toBe(0);
  });
});

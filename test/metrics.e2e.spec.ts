import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { openCipher } from '#apps/master-key.js';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { loadConfig } from '#apps/config.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { launch, type Launched } from './support/launch.js';

const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');

let database: TestDatabase;
let launched: Launched | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
  await openCipher(loadConfig({ DESKSTREAM_MASTER_KEY }), database.ownerUrl, true);
});
afterEach(() => launched?.end('SIGTERM'));
afterAll(() => database.drop());

/** Starts a process on a free port, with no embedded database. */
async function start(name: string, env: NodeJS.ProcessEnv): Promise<{ port: number; launched: Launched }> {
  const port = await freePort();
  launched = launch([`dist/apps/${name}/main.js`], {
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: database.appUrl,
    DESKSTREAM_MASTER_KEY,
    ...env,
  });
  return { port, launched };
}

const STARTED = { api: /The API is served/, worker: /The worker is running/, standalone: /Deskstream is running/ };

describe('With METRICS_PORT', () => {
  it.each([
    ['api', false],
    ['worker', true],
    ['standalone', true],
  ] as const)('the process %s serves its figures there, and nothing else', async (name, delivers) => {
    const { port, launched } = await start(name, { METRICS_PORT: '0' });
    const [, url] = await launched.told(/"url":"(http:[^"]+\/metrics)"/);
    await launched.told(STARTED[name]);
    const answer = await fetch(url as string);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
    const text = await answer.text();
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text.includes('deskstream_webhook_deliveries_pending{state="due"} 0')).toBe(delivers);
    expect((await fetch(new URL('/v1/tags', url))).status).toBe(404);
    if (name !== 'worker') expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404);
    expect(await launched.end('SIGTERM')).toBe(0);
  });

  it('that is taken, a process says so and ends with 1', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const taken = (other.address() as { port: number }).port;
    const { launched } = await start('api', { METRICS_PORT: String(taken) });
    expect(await launched.end()).toBe(1);
    expect(launched.output().trim()).toBe(
      `Port ${taken} is taken. Stop the program that uses it, or set METRICS_PORT to another.`,
    );
    other.close();
  });
});

/** Returns the figures of a text of Prometheus, by name, each with the labels of its samples. */
function figuresOf(text: string): Map<string, string[]> {
  const names = [...text.matchAll(/^# TYPE (deskstream_\w+) /gm)].map(([, name]) => name as string);
  const labelsOf = (name: string) => {
    const sample = new RegExp(`^${name}(?:_bucket)?{(.*)} `, 'm').exec(text)?.[1] ?? '';
    return [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label as string).filter((label) => label !== 'le');
  };
  return new Map(names.map((name) => [name, labelsOf(name)]));
}

describe('The list of figures in docs/operations.md', () => {
  const listed = new Map(
    [...readFileSync('docs/operations.md', 'utf8').matchAll(/^\| `(deskstream_\w+)(?:{(.*)})?`/gm)].map(
      ([, name, labels]) => [name as string, (labels ?? '').split(',').filter(Boolean)],
    ),
  );

  it('has all that an API and a worker serve, with their labels, and nothing else', async () => {
    const served = new Map<string, string[]>();
    for (const name of ['api', 'worker'] as const) {
      const { port, launched } = await start(name, { METRICS_PORT: '0' });
      const [, url] = await launched.told(/"url":"(http:[^"]+\/metrics)"/);
      await launched.told(STARTED[name]);
      if (name === 'api') await fetch(`http://127.0.0.1:${port}/health`);
      for (const [figure, labels] of figuresOf(await (await fetch(url as string)).text())) {
        if (!served.get(figure)?.length) served.set(figure, labels);
      }
      await launched.end('SIGTERM');
    }
    expect([...served.keys()].sort()).toEqual([...listed.keys()].sort());
    for (const [name, labels] of served) {
      if (labels.length > 0)
        expect({ name, labels: labels.sort() }).toEqual({ name, labels: listed.get(name)?.sort() });
    }
  });
});

describe('Without METRICS_PORT', () => {
  it('no figures are served', async () => {
    const { launched } = await start('api', {});
    await launched.told(STARTED.api);
    expect(launched.output()).not.toContain('Metrics');
  });
});

describe('At its start, a process that delivers', () => {
  it('says which private networks webhooks may go to', async () => {
    const WEBHOOK_ALLOWED_NETWORKS = '10.0.0.0/8, fd00::/8';
    const worker = await start('worker', { WEBHOOK_ALLOWED_NETWORKS });
    await worker.launched.told(/"allowedNetworks":\["10\.0\.0\.0\/8","fd00::\/8"\].*The worker is running/);
    await worker.launched.end('SIGTERM');
    const standalone = await start('standalone', { WEBHOOK_ALLOWED_NETWORKS });
    await standalone.launched.told(/Webhooks {4}may go to public addresses, and to 10\.0\.0\.0\/8, fd00::\/8\n/);
  });

  it('says that there are none', async () => {
    const { launched } = await start('standalone', {});
    await launched.told(/Webhooks {4}may go to public addresses only\n/);
  });
});

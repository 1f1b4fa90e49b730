import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { signedHeaders } from './support/signed-headers.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const run = promisify(execFile);
const CLIENT = resolve('clients/typescript');
/** Fewer requests than the test sends to list pages. */
const LIMITED = { RATE_LIMIT_PER_SECOND: '5', RATE_LIMIT_BURST: '5', REDIS_URL: '' };

let app: TestApp;
let api: ApiClient;
/** A program that has the client as a dependency. */
let home: string;

beforeAll(async () => {
  await run(process.execPath, [join(CLIENT, 'build.mjs')]);
  home = await mkdtemp(join(tmpdir(), 'deskstream-client-'));
  await mkdir(join(home, 'node_modules/@deskstream'), { recursive: true });
  await symlink(CLIENT, join(home, 'node_modules/@deskstream/client'));
  await symlink(resolve('node_modules/@types'), join(home, 'node_modules/@types'));
  await writeFile(join(home, 'package.json'), '{"type":"module"}');
  const [usage, code] = await codeInReadme();
  const programs = { usage, 'all-pages': ALL_PAGES, refused: REFUSED, receiving: receiving(code) };
  const files = Object.keys(programs).map((name) => join(home, `${name}.ts`));
  for (const [name, text] of Object.entries(programs)) await writeFile(join(home, `${name}.ts`), text);
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    '--skipLibCheck',
  ];
  await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), ...options, ...files], { cwd: home });
  app = await startTestApp({ worker: true });
  api = await app.createTestOrganization();
});
afterAll(async () => {
  await app.close();
  await rm(home, { recursive: true });
});

/** Runs a program, and returns what it prints. */
async function printed(name: string, { url, token } = { url: app.url, token: api.token }): Promise<string> {
  const env = { ...process.env, DESKSTREAM_URL: url, DESKSTREAM_TOKEN: token };
  return (await run(process.execPath, [join(home, `${name}.ts`)], { cwd: home, env })).stdout;
}

async function codeInReadme(): Promise<[usage: string, receiving: string]> {
  const blocks = (await readFile(join(CLIENT, 'README.md'), 'utf8')).matchAll(/```ts\n([\s\S]*?)```/g);
  return Array.from(blocks, ([, code]) => code) as [string, string];
}

const CONNECTED = `
  import { ApiError, connect, endUsersListUsers, items } from '@deskstream/client';
  const client = connect({ url: process.env.DESKSTREAM_URL!, token: process.env.DESKSTREAM_TOKEN! });`;
const ALL_PAGES = `${CONNECTED}
  const shown: unknown[] = [];
  const query = { pageLimit: 1, namePrefix: 'Customer', sort: 'name' as const };
  for await (const user of items(endUsersListUsers, { client, query })) shown.push(user.displayName);
  console.log(JSON.stringify(shown));`;
const REFUSED = `${CONNECTED}
  try {
    for await (const user of items(endUsersListUsers, { client })) console.log(user.id);
  } catch (error) {
    console.log(error instanceof ApiError && error.status);
  }`;
/** Verifies each of the cases by the code of the README. */
const receiving = (code: string) => `
  import { readFileSync } from 'node:fs';
  ${code.replace(/\n\n[^]*/, '')}
  const { secretKey, cases } = JSON.parse(readFileSync('cases.json', 'utf8'));
  for (const { headers, body } of cases) {
    const request = { headers };
    try {
      ${code.replace(/^import .*\n/, '')}
    } catch (error) {
      console.log((error as Error).name);
    }
  }`;

describe('The TypeScript client', () => {
  it('does what its README shows', async () => {
    await api.create('/v1/endusers', { displayName: 'Alice Brown' });
    expect(await printed('usage')).toMatch(/^[\da-f-]{36}\nAlice Brown\n$/);
    expect((await api.get('/v1/tags')).body.data).toEqual([expect.objectContaining({ name: 'VIP' })]);
  });

  it('yields the items of all pages once, and waits when it is refused for now', async () => {
    const limited = await startTestApp({ env: LIMITED, beside: app });
    try {
      const names = Array.from({ length: 9 }, (_, n) => `Customer ${n}`);
      await api.post('/v1/endusers/bulk', { data: names.map((displayName) => ({ displayName })) });
      expect(JSON.parse(await printed('all-pages', { url: limited.url, token: api.token }))).toEqual(names);
    } finally {
      await limited.close();
    }
  });

  it('throws what the server answers instead of a page', async () => {
    expect(await printed('refused', { url: app.url, token: 'none' })).toBe('401\n');
  });

  it('verifies deliveries, and refuses what was not signed with the key', async () => {
    const receiver = await startWebhookReceiver();
    const { secretKey } = await api.subscribe(receiver.url, ['TagCreated']);
    await api.create('/v1/tags', { name: 'Verified' });
    await waitFor('the delivery', () => receiver.received.length > 0);
    await receiver.close();
    const [delivery] = receiver.received as [(typeof receiver.received)[number]];
    const body = '{"event_fqn":"TAG_CREATED","data":{"tag":{"name":"Old"}}}';
    const old = { headers: signedHeaders([secretKey], 'e1', body, new Date(Date.now() - 360_000)), body };
    const cases = [delivery, { ...delivery, body: `${delivery.body} ` }, { ...delivery, headers: {} }, old];
    await writeFile(join(home, 'cases.json'), JSON.stringify({ secretKey, cases }));
    expect(await printed('receiving')).toBe(`Verified\n${'InvalidSignature\n'.repeat(3)}`);
  });
});

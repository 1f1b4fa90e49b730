import { randomBytes } from 'node:crypto';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { ApiClient } from './support/api-client.js';
import { launch, type Launched } from './support/launch.js';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';

const token = randomBytes(32).toString('hex');
let postgres: OwnPostgres;
let variables: NodeJS.ProcessEnv;
let server: Launched;
let api: ApiClient;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  const port = await freePort();
  variables = {
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: postgres.url('postgres', 'postgres'),
    DESKSTREAM_MASTER_KEY: randomBytes(32).toString('hex'),
    DESKSTREAM_BOOTSTRAP_TOKEN: token,
  };
  const migration = launch(['dist/apps/cli/main.js', 'migrate'], variables);
  expect([await migration.end(), migration.output()]).toEqual([0, expect.any(String)]);
  server = launch(['dist/apps/api/main.js'], variables);
  api = new ApiClient(`http://127.0.0.1:${port}`, token);
  await server.told(/The API is served/);
});
afterAll(async () => {
  await server.end('SIGKILL');
  await postgres.remove();
});

describe('A database that is a standby', () => {
  it('is served from no longer, not even for reading, until it is a primary again', async () => {
    expect((await api.get('/v1/events')).status).toBe(200);
    await postgres.becomeStandby();
    const health = await waitFor('the API to be told', async () => {
      const answer = await api.get('/health');
      return answer.status === 503 && answer.body.message.includes('standby') && answer;
    });
    expect(health.headers.get('retry-after')).toBe('5');
    expect((await api.get('/v1/events')).status).toBe(503);
    expect((await api.post('/v1/tags', { name: 'VIP' })).status).toBe(503);
    await postgres.promote();
    await waitFor('the API to serve again', async () => (await api.get('/health')).status === 200);
    expect((await api.get('/v1/events')).status).toBe(200);
  });
});

describe('A standby at the start of a process', () => {
  beforeAll(() => postgres.becomeStandby());

  it.each([
    ...['api', 'worker', 'standalone'],
    ...['cli migrate', 'cli organization create Shop', 'cli token', 'cli region DK', 'cli rebuild tags'],
  ])('is refused in one line: %s', async (command) => {
    const [name, ...args] = command.split(' ');
    const refused = launch([`dist/apps/${name}/main.js`, ...args], { ...variables, PORT: '0' });
    expect(await refused.end()).toBe(1);
    expect(refused.output().trim()).toMatch(
      /^The database postgres at 127\.0\.0\.1:\d+ is a standby, which accepts no changes\. Set DATABASE_URL to the primary\.$/,
    );
  });
});

import { randomBytes, randomUUID } from 'node:crypto';
import { runCommand } from '#apps/cli/commands.js';
import { loadConfig } from '#apps/config.js';
import { openRuntime } from '#apps/runtime.js';
import { checkMigrations, migrate } from '#apps/setup.js';
import { Database } from '#libs/database/database.js';
import { ReadOnlyDatabase } from '#libs/database/unavailable.js';
import { createLogger } from '#libs/platform/logging.js';
import { connectTo } from '#libs/testing/connections.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { launch } from './support/launch.js';
import { startOwnPostgres } from './support/own-postgres.js';
import { HAS_PGBOUNCER, type PgBouncer, PREPARES, startPgBouncer } from './support/pgbouncer.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const ORGANIZATIONS = 30;
const NAMES = ['VIP', 'Spam', 'Sales', 'Returns', 'Urgent', 'Later'];
const suffix = randomBytes(4).toString('hex');
const withLogin = (url: string, username: string) => Object.assign(new URL(url), { username, password: 'secret' }).href;

/** Creates tags, half of them under keys, and reads the list in between; returns what went wrong. */
async function createAndRead(api: ApiClient): Promise<unknown[]> {
  const faults: unknown[] = [];
  const nameOf = (name: string) => `${name} of ${api.organizationId}`;
  for (const [index, name] of NAMES.entries()) {
    const headers: Record<string, string> = index % 2 ? { 'idempotency-key': randomUUID() } : {};
    const [created, read] = await Promise.all([
      api.send('POST', '/v1/tags', { name: nameOf(name) }, headers),
      api.get('/v1/tags'),
    ]);
    const names = (read.body.data as { name: string }[]).map((tag) => tag.name);
    const foreign = names.filter((one) => !one.endsWith(api.organizationId));
    if (created.status !== 200 || read.status !== 200 || foreign.length > 0)
      faults.push([created, read.status, foreign]);
  }
  const { body } = await api.get('/v1/tags');
  if (body.data.length !== NAMES.length) faults.push(body.data);
  return faults;
}

(HAS_PGBOUNCER ? describe : describe.skip)('Behind PgBouncer in transaction mode', () => {
  let app: TestApp;
  let bouncer: PgBouncer;
  let served: TestApp;
  let [appUrl, workerUrl] = ['', ''];
  beforeAll(async () => {
    app = await startTestApp();
    const { ownerUrl } = app.database;
    [appUrl, workerUrl] = [
      withLogin(app.database.appUrl, `api_${suffix}`),
      withLogin(app.database.appUrl, `worker_${suffix}`),
    ];
    await migrate({ ownerUrl, appUrl, workerUrl });
    bouncer = await startPgBouncer([appUrl, workerUrl]);
    served = await startTestApp({
      worker: true,
      env: {
        ...bouncer.variablesFor(appUrl),
        DATABASE_WORKER_URL: bouncer.urlOf(workerUrl),
        WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
      },
      beside: { ...app, database: { ...app.database, appUrl } },
    });
  });
  afterAll(async () => {
    await served.close();
    await bouncer.end();
    await app.database.sql(`DROP ROLE api_${suffix}, worker_${suffix}`);
    await app.close();
  });

  it('thirty organizations create and read at once, in three sessions, without a fault or a foreign row', async () => {
    const clients = await Promise.all(Array.from({ length: ORGANIZATIONS }, () => served.createTestOrganization()));
    expect((await Promise.all(clients.map(createAndRead))).flat()).toEqual([]);
    const [sessions] = await app.database.sql<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE usename = $1 AND query NOT LIKE '%pg_notify%'`,
      [`api_${suffix}`],
    );
    expect(sessions?.count).toBe(3);
  });

  it('the sessions keep nothing of a transaction: no rights, organization, settings or statements', async () => {
    const client = await connectTo(bouncer.urlOf(appUrl));
    for (const name of NAMES) {
      const { rows } = await client.query(
        `SELECT current_user::text AS role, coalesce(current_setting('app.org', true), '') AS organization,
           current_setting('statement_timeout') AS timeout,
           (SELECT count(*)::int FROM pg_prepared_statements WHERE name !~ '^PGBOUNCER') AS statements`,
      );
      expect([name, ...rows]).toEqual([name, { role: `api_${suffix}`, organization: '', timeout: '0', statements: 0 }]);
    }
    for (const statement of ['SELECT FROM tags', 'SELECT FROM events', 'SET ROLE deskstream_worker']) {
      await expect(client.query(statement)).rejects.toThrow('permission denied');
    }
    await client.end();
  });

  it('statements answer by the columns that a table has got since, and after a batch that failed', async () => {
    const { sql } = app.database;
    await sql(`CREATE TABLE changing AS SELECT '1' AS a`);
    await sql('GRANT SELECT ON changing TO deskstream_app');
    const options = { url: bouncer.urlOf(appUrl), role: 'deskstream_app' as const, pooled: true, prepared: PREPARES };
    const database = await Database.open(options);
    const joined = { text: 'SELECT c.*, 2 AS two FROM changing c' };
    const failing = [{ text: 'SELECT 1 / $1::int AS one', values: [0] }, { text: 'SELECT 3 AS three' }];
    for (const column of ['b', 'c']) {
      for (const name of NAMES) {
        const before = await database.query<object>(null, joined);
        expect([name, Object.keys(before[0] ?? {}).at(-1)]).toEqual([name, 'two']);
        await expect(database.transact(null, failing)).rejects.toThrow('division by zero');
        expect(await database.query(null, { text: 'SELECT 3 AS three' })).toEqual([{ three: 3 }]);
      }
      await sql(`ALTER TABLE changing ADD ${column} text DEFAULT 'new'`);
    }
    expect(await database.query(null, joined)).toEqual([{ a: '1', b: 'new', c: 'new', two: 2 }]);
    await database.close();
  });

  it('webhooks are delivered', async () => {
    const receiver = await startWebhookReceiver();
    const api = await served.createTestOrganization();
    await api.subscribe(receiver.url, ['TagCreated']);
    await api.createTag('VIP');
    await waitFor('the delivery', () => receiver.received.length > 0);
    await receiver.close();
  });

  it('the doctor shows that it is used', async () => {
    const variables = { ...bouncer.variablesFor(appUrl), DATABASE_WORKER_URL: bouncer.urlOf(workerUrl) };
    const lines: string[] = [];
    await runCommand(['doctor'], variables, (line) => lines.push(line));
    const kind = PREPARES ? 'with' : 'without';
    expect(lines.join('\n')).toMatch(
      new RegExp(`^ok +pooler +127.0.0.1:\\d+ is used, ${kind} prepared statements`, 'm'),
    );
  });

  it.each([[], ['ignore_startup_parameters = options']])(
    'a start without the address of PostgreSQL says what to set: %s',
    async (...settings) => {
      const other = await startPgBouncer([appUrl], settings);
      await expect(checkMigrations(other.urlOf(appUrl))).rejects.toThrow(
        /is behind a pooler\. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself\.$/,
      );
      await other.end();
    },
  );

  it.each(['worker', 'standalone'])('a start of the %s with its login by way of it says what to set', async (name) => {
    const refused = launch([`dist/apps/${name}/main.js`], {
      DATABASE_URL: appUrl,
      DATABASE_WORKER_URL: bouncer.urlOf(workerUrl),
      DESKSTREAM_MASTER_KEY: app.runtime.config.masterKey,
      PORT: '0',
    });
    expect(await refused.end()).toBe(1);
    expect(refused.output().trim()).toMatch(
      /^The database \w+ at 127\.0\.0\.1:\d+ is behind a pooler\. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself\.$/,
    );
  });

  it('a start with prepared statements that it does not support says what to set', async () => {
    const other = await startPgBouncer([appUrl], PREPARES ? ['max_prepared_statements = 0'] : []);
    const config = loadConfig({ ...other.variablesFor(appUrl), DATABASE_PREPARED_STATEMENTS: 'true' });
    for (const attempt of [1, 2, 3, 4]) {
      const start = openRuntime(config, createLogger('fatal', 'api'), app.runtime.cipher, appUrl, { worker: false });
      await expect(start.then(() => attempt)).rejects.toThrow('does not support prepared statements. Set DATABASE_');
    }
    await other.end();
  });
});

(HAS_PGBOUNCER ? describe : describe.skip)('A database behind PgBouncer that becomes a standby', () => {
  it('is not read from, although the connections to PgBouncer stay', async () => {
    const postgres = await startOwnPostgres();
    const [ownerUrl, url] = [postgres.url('postgres', 'postgres'), postgres.url('deskstream', 'postgres')];
    await migrate({ ownerUrl, appUrl: url });
    const bouncer = await startPgBouncer([url]);
    const options = { url: bouncer.urlOf(url), role: 'deskstream_app' as const, pooled: true, prepared: PREPARES };
    const database = await Database.open({ ...options, poolSize: 1 });
    const read = () => database.query(null, { text: 'SELECT 1 AS one' });
    expect(await read()).toEqual([{ one: 1 }]);
    await postgres.becomeStandby();
    const answer = await waitFor('PgBouncer to reach it again', () =>
      read().catch((error: unknown) => error instanceof ReadOnlyDatabase && error),
    );
    expect(answer).toBeInstanceOf(ReadOnlyDatabase);
    await database.close();
    await bouncer.end();
    await postgres.remove();
  });
});

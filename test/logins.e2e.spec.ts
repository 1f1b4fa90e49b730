import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { migrate } from '#apps/setup.js';
import { connectTo } from '#libs/testing/connections.js';
import { startTestApp, type TestApp } from './support/test-app.js';

/** As another login of the same database. */
function urlOf(url: string, username: string): string {
  return Object.assign(new URL(url), { username, password: 'secret' }).href;
}

const suffix = randomBytes(4).toString('hex');
const [apiLogin, workerLogin] = [`api_${suffix}`, `worker_${suffix}`];
let app: TestApp;
let appUrl: string;
let workerUrl: string;
beforeAll(async () => {
  app = await startTestApp();
  [appUrl, workerUrl] = [urlOf(app.database.appUrl, apiLogin), urlOf(app.database.appUrl, workerLogin)];
  const { ownerUrl } = app.database;
  await migrate({ ownerUrl, appUrl });
  await migrate({ ownerUrl, appUrl, workerUrl });
});
afterAll(async () => {
  await app.database.sql(`DROP ROLE ${apiLogin}, ${workerLogin}`);
  await app.close();
});

async function as<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectTo(url);
  return work(client).finally(() => client.end());
}

describe('With a login for the worker', () => {
  it.each([
    ['SET ROLE deskstream_worker', 'permission denied to set role'],
    ['SET ROLE deskstream_owner', 'permission denied to set role'],
    ['SELECT * FROM events', 'permission denied for table'],
    ['CREATE TABLE mine (id int)', 'permission denied for schema'],
    ['SET ROLE deskstream_app; CREATE TABLE mine (id int)', 'permission denied for schema'],
    ['SET ROLE deskstream_app; ALTER TABLE events DISABLE TRIGGER ALL', 'must be owner'],
    ['SET ROLE deskstream_app; ALTER TABLE tags NO FORCE ROW LEVEL SECURITY', 'must be owner'],
    ['SET ROLE deskstream_app; DROP TABLE tags', 'must be owner'],
    ['SET ROLE deskstream_app; CREATE POLICY all_rows ON tags USING (true)', 'must be owner'],
    ['SET ROLE deskstream_app; SELECT * FROM checkpoints', 'permission denied for table'],
  ])('the API’s login cannot: %s', async (statement, refusal) => {
    await expect(as(appUrl, (client) => client.query(statement))).rejects.toThrow(refusal);
  });

  it('the API’s login owns nothing, and sees one organization at a time', async () => {
    const [mine, theirs] = [await app.createTestOrganization(), await app.createTestOrganization()];
    await mine.createTag('mine');
    await theirs.createTag('theirs');
    const owned = await app.database.sql(
      `SELECT d.objid FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
       WHERE d.deptype = 'o' AND r.rolname = ANY ($1)`,
      [[apiLogin, workerLogin]],
    );
    expect(owned).toEqual([]);
    await as(appUrl, async (client) => {
      await client.query('SET ROLE deskstream_app');
      for (const table of ['tags', 'events', 'api_tokens', 'api_token_usage']) {
        await client.query("SELECT set_config('app.org', $1, false)", [mine.organizationId]);
        const { rows } = await client.query<{ organization_id: string }>(`SELECT organization_id FROM ${table}`);
        expect(rows.filter(({ organization_id }) => organization_id !== mine.organizationId)).toEqual([]);
        await client.query("SELECT set_config('app.org', '', false)");
        expect((await client.query(`SELECT FROM ${table}`)).rowCount).toBe(0);
      }
    });
  });

  it('the worker’s login cannot do what the API does', async () => {
    await expect(as(workerUrl, (client) => client.query('SET ROLE deskstream_app'))).rejects.toThrow(
      'permission denied',
    );
    const insert = `SET ROLE deskstream_worker; INSERT INTO tags (organization_id, id, name, state)
      VALUES ('${randomUUID()}', '${randomUUID()}', 'x', 'Active')`;
    await expect(as(workerUrl, (client) => client.query(insert))).rejects.toThrow('permission denied for table');
  });

  it('both roles of a process work, each by its own', async () => {
    const database = { ...app.database, appUrl };
    const beside = { ...app, database };
    const served = await startTestApp({
      worker: true,
      env: { DATABASE_URL: appUrl, DATABASE_WORKER_URL: workerUrl },
      beside,
    });
    try {
      const api = await served.createTestOrganization();
      expect((await api.post('/v1/tags', { name: 'VIP' })).status).toBe(200);
      const { rows } = await as(app.database.ownerUrl, (client) =>
        client.query<{ usename: string }>('SELECT DISTINCT usename FROM pg_stat_activity WHERE usename = ANY ($1)', [
          [apiLogin, workerLogin],
        ]),
      );
      expect(rows.map(({ usename }) => usename).sort()).toEqual([apiLogin, workerLogin]);
    } finally {
      await served.close();
    }
  });
});

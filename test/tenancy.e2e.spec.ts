import { randomUUID } from 'node:crypto';
import { connectTo } from '#libs/testing/connections.js';
import { READ_TABLES } from '#libs/resources/resources.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { ApiClient } from './support/api-client.js';
import { callEveryOperation, type Called, type Document } from './support/every-operation.js';
import { leaksOf, type Recorded, recordStatements, withoutOrganization } from './support/recorded-statements.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const ROLES = ['deskstream_app', 'deskstream_worker'];
const REFUSED = { code: '42501' };
/** Has a policy besides, by which a token's holder finds whose it is. */
const FOUND_BY_POSSESSION = 'api_tokens';
/** Have a policy besides, by which a function of their owner finds the texts of the current organization. */
const FOUND_BY_WORDS = ['conversation_subjects', 'conversation_texts'];

let app: TestApp;
let receiver: WebhookReceiver;
let called: Called[];
let statements: Recorded[];
let tables: string[];
beforeAll(async () => {
  const recording = recordStatements('deskstream_app');
  app = await startTestApp({ worker: true });
  receiver = await startWebhookReceiver();
  const document = (await new ApiClient(app.url, '').get('/openapi.json')).body as Document;
  called = await callEveryOperation(document, () => app.createTestOrganization(), receiver);
  recording.stop();
  statements = recording.statements();
  tables = await tenantTables();
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

/** All tables that say whose each row is, in whatever schema. */
async function tenantTables(): Promise<string[]> {
  const rows = await app.database.sql<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relkind IN ('r', 'p', 'm', 'f') AND a.attname = 'organization_id' AND NOT a.attisdropped ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

interface Protection {
  name: string;
  forced: boolean;
  /** Those of the two that may touch it. */
  roles: string[];
  /** Whom policies are for, and what they let through. */
  policies: Record<string, string[]>;
}

function protections(): Promise<Protection[]> {
  return app.database.sql(
    `SELECT c.oid::regclass::text AS name, relrowsecurity AND relforcerowsecurity AS forced,
       ARRAY(SELECT role FROM unnest($2::text[]) role WHERE has_any_column_privilege(role, c.oid, 'SELECT')
         OR has_table_privilege(role, c.oid, 'INSERT, UPDATE, DELETE')) AS roles,
       (SELECT json_object_agg(role, allowed) FROM (
         SELECT role::regrole::text AS role, array_agg(DISTINCT pg_get_expr(polqual, c.oid)) AS allowed
         FROM pg_policy, unnest(polroles) AS role WHERE polrelid = c.oid GROUP BY role) p) AS policies
     FROM pg_class c WHERE c.oid = ANY ($1::regclass[]) ORDER BY 1`,
    [tables, ROLES],
  );
}

const OWN = '(organization_id = current_organization())';

async function expectProtection(): Promise<void> {
  expect(tables).toEqual(await tenantTables());
  for (const { name, forced, roles, policies } of await protections()) {
    expect([name, forced]).toEqual([name, true]);
    const owners = Object.keys(policies).filter((role) => !ROLES.includes(role));
    expect([name, owners.length]).toEqual([name, FOUND_BY_WORDS.includes(name) ? 1 : 0]);
    expect([name, Object.keys(policies).sort()]).toEqual([name, [...roles, ...owners].sort()]);
    const others = policies.deskstream_app?.filter((allowed) => allowed !== OWN);
    expect([name, others]).toEqual([name, name === FOUND_BY_POSSESSION ? [expect.stringContaining('token_hash')] : []]);
  }
}

describe('Every table with an organization', () => {
  it('has row-level security that holds for its owner, too, and a policy for each role with rights', async () => {
    expect(tables).toEqual(expect.arrayContaining(['events', 'stream_keys', 'tags', 'webhook_deliveries']));
    await expectProtection();
  });

  it('still has all of it when it was rebuilt', async () => {
    for (const { stream, table } of READ_TABLES) {
      await rebuildTable(app.database.ownerUrl, app.runtime.codec, stream, table);
    }
    await expectProtection();
  });
});

describe('The roles of the application', () => {
  it('own nothing, and are above no rule', async () => {
    const all = await app.database.sql<{ name: string; owned: number; above: boolean }>(
      `SELECT rolname AS name, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS above,
         (SELECT count(*)::int FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o') AS owned
       FROM pg_roles r WHERE rolname !~ '^pg_' AND rolname <> (SELECT current_user)`,
    );
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(ROLES));
    expect(all.filter(({ owned, above }) => owned > 0 || above)).toEqual([]);
  });

  it.each(['none', ...ROLES])('cannot change the schema or get around it: %s', async (role) => {
    const client = await connectTo(app.database.appUrl, role);
    const attempts = [
      ...tables.flatMap((table) => [
        `TRUNCATE ${table}`,
        `DROP TABLE ${table}`,
        `ALTER TABLE ${table} ADD COLUMN more text`,
        `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`,
        `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`,
        `CREATE POLICY everything ON ${table} USING (true)`,
      ]),
      'CREATE TABLE public.mine (id int)',
      'CREATE SCHEMA mine',
      'DROP POLICY own_organization ON tags',
      'DROP TRIGGER events_are_immutable ON events',
      `UPDATE events SET type = 'x'`,
      'DELETE FROM events',
      'DROP FUNCTION current_organization CASCADE',
      `CREATE OR REPLACE FUNCTION current_organization() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'`,
      'SET session_replication_role = replica',
      'SET ROLE deskstream_owner',
      'ALTER ROLE CURRENT_USER BYPASSRLS',
      `COPY tags TO PROGRAM 'cat'`,
    ];
    for (const attempt of attempts) {
      const outcome = await client.query(attempt).catch((error: unknown) => error);
      expect([attempt, outcome]).toMatchObject([attempt, REFUSED]);
    }
    await client.end();
  });

  it('do not see more when they ask for no row-level security: they see nothing', async () => {
    const client = await connectTo(app.database.appUrl, 'deskstream_app');
    expect((await client.query('SELECT FROM tags')).rowCount).toBe(0);
    await client.query('SET row_security = off');
    await expect(client.query('SELECT FROM tags')).rejects.toMatchObject(REFUSED);
    await client.end();
  });
});

describe('What the application asks of the database', () => {
  it('was heard of every operation that it has, each of which succeeded', () => {
    const failed = called.filter(({ answer }) => answer.status < 200 || answer.status > 299);
    expect(failed.map(({ operationId, answer }) => [operationId, answer.status, answer.body])).toEqual([]);
    expect(called.length).toBeGreaterThan(80);
  });

  it('finds and changes nothing with another organization set', async () => {
    expect(statements.length).toBeGreaterThan(1_000);
    expect(await leaksOf(app.database.appUrl, randomUUID(), statements)).toEqual([]);
  });

  it('finds and changes nothing when its conditions on the organization are forgotten, too', async () => {
    const forgetful = statements.map(withoutOrganization);
    expect(forgetful.filter(({ text }) => /organization_id"? (=|IN|<>|= ANY) *\(?\$/.test(text))).toEqual([]);
    expect(await leaksOf(app.database.appUrl, randomUUID(), forgetful)).toEqual([]);
  });

  it('would find something of each table if none were protected', async () => {
    for (const table of tables) await app.database.sql(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
    const reads = statements.filter(({ text }) => /^\s*(SELECT|WITH)/.test(text)).map(withoutOrganization);
    const leaks = await leaksOf(app.database.appUrl, randomUUID(), reads);
    for (const table of tables) await app.database.sql(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
    const leaky = tables.filter((table) => leaks.some(({ text }) => new RegExp(`\\b${table}\\b`).test(text)));
    const readable = (await protections()).filter(({ roles }) => roles.includes('deskstream_app'));
    expect(leaky).toEqual(readable.map(({ name }) => name));
  });
});

import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '#apps/migrations.js';
import { bootstrap } from '#apps/demo-organization.js';
import { migrate } from '#apps/setup.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { apiTokenStream } from '#libs/organizations/api-token.stream.js';
import { hashApiToken, mintApiToken } from '#libs/organizations/token-secret.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { TokenStreams1764000000024 } from '#migrations/1764000000024-token-streams.js';
import { ApiClient } from './support/api-client.js';
import { countRows } from './support/count-rows.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const actorId = randomUUID();
const [organizationId, tokenId, revokedId] = [randomUUID(), randomUUID(), randomUUID()];
const [secret, earlier, revoked] = [mintApiToken(), mintApiToken(), mintApiToken()];
const until = new Date(Date.now() + 3_600_000).toISOString();
/** Most of an older installation's tokens do not count any more. */
const MANY = 2_000;

/** As the version before left it: all events of tokens in the organization's stream. */
async function fillOlder(database: TestDatabase): Promise<void> {
  await database.sql(
    `WITH many AS (
       SELECT n, gen_random_uuid() AS id, CASE WHEN n > 500 THEN now() END AS revoked_at FROM generate_series(1, $3) AS n
     ), tokens AS (
       INSERT INTO api_tokens (organization_id, id, name, actor_id, token_hash, scopes, created_at, created_by, revoked_at)
         SELECT $1, id, 'many', $2, id, '{admin}', now(), $2, revoked_at FROM many)
     INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
       SELECT $1, 'organization-' || $1, n + 10, nextval('event_position'), gen_random_uuid(), 'ApiTokenIssued', 2,
         jsonb_build_object('tokenId', id, 'name', 'many', 'actorId', $2::uuid, 'tokenHash', id, 'scopes', '["admin"]'::jsonb),
         jsonb_build_object('actorId', $2::uuid), now() FROM many`,
    [organizationId, actorId, MANY],
  );
  await database.sql('INSERT INTO organizations (organization_id, name) VALUES ($1, $2)', [organizationId, 'Old']);
  const token = { tokenId, name: 'Shop', actorId, tokenHash: hashApiToken(earlier), scopes: ['admin'] };
  const rotation = { tokenId, tokenHash: hashApiToken(secret), previousUntil: until };
  const gone = { ...token, tokenId: revokedId, tokenHash: hashApiToken(revoked) };
  const events = [
    ['OrganizationCreated', { id: organizationId, name: 'Old' }],
    ['ApiTokenIssued', { ...token, rateLimit: { perSecond: 1000, burst: 5000 } }],
    ['ApiTokenIssued', { ...gone, expiresAt: until }],
    ['ApiTokenRotated', rotation],
    ['ApiTokenRevoked', { tokenId: revokedId }],
  ];
  for (const [index, [type, data]] of events.entries()) {
    await database.sql(
      `INSERT INTO events VALUES ($1, 'organization-' || $1::uuid, $2, nextval('event_position'), gen_random_uuid(), $3, $4,
         $5, $6, now())`,
      [organizationId, index + 1, type, type === 'ApiTokenIssued' ? 2 : 1, data, { actorId }],
    );
  }
  const insert = `INSERT INTO api_tokens (organization_id, id, name, actor_id, token_hash, scopes, created_at, created_by,
      previous_hash, previous_until, rate_per_second, rate_burst, expires_at, revoked_at)
    VALUES ($1, $2, 'Shop', $3, $4, '{admin}', now(), $3, $5, $6, $7, $8, $9, $10)`;
  const shop = [
    organizationId,
    tokenId,
    actorId,
    hashApiToken(secret),
    hashApiToken(earlier),
    until,
    1000,
    5000,
    null,
    null,
  ];
  await database.sql(insert, shop);
  const was = [organizationId, revokedId, actorId, hashApiToken(revoked), null, null, null, null, until, new Date()];
  await database.sql(insert, was);
}

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  const database = await createTestDatabase('template0');
  const before = MIGRATIONS.slice(0, MIGRATIONS.indexOf(TokenStreams1764000000024));
  const dataSource = new DataSource({ type: 'postgres', url: database.ownerUrl, migrations: before });
  await dataSource.initialize();
  await dataSource.runMigrations({ transaction: 'each' });
  await dataSource.query(`ALTER TABLE events NO FORCE ROW LEVEL SECURITY; ALTER TABLE api_tokens NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE organizations NO FORCE ROW LEVEL SECURITY`);
  await fillOlder(database);
  await dataSource.query(`ALTER TABLE events FORCE ROW LEVEL SECURITY; ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;
    ALTER TABLE organizations FORCE ROW LEVEL SECURITY`);
  await dataSource.destroy();
  await migrate(database);
  app = await startTestApp({ database });
  api = new ApiClient(app.url, secret, organizationId, actorId);
});
afterAll(() => app.close());

const historyOf = async (id: string) => (await api.get(`/v1/tokens/${id}/history`)).body.data as { type: string }[];
const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

describe('A token of the version before', () => {
  it('goes on with both its secrets, and is shown as it was', async () => {
    expect((await api.get(`/v1/tokens/${tokenId}`)).body.data).toEqual({
      id: tokenId,
      name: 'Shop',
      state: 'Active',
      scopes: ['admin'],
      actorId,
      createdAt: expect.any(String),
      createdBy: { actorId },
      previousSecretUntil: until,
      rateLimit: { perSecond: 1000, burst: 5000 },
    });
    expect((await new ApiClient(app.url, earlier).get('/v1/tags')).status).toBe(200);
    expect((await new ApiClient(app.url, revoked).get('/v1/tags')).body.message).toBe('The API token has been revoked');
  });

  it('keeps its history, in pages', async () => {
    const events = ['ApiTokenAdopted', 'ApiTokenRotated', 'ApiTokenIssued'];
    expect(typesOf(await historyOf(tokenId))).toEqual(events);
    const paged: string[] = [];
    let path: string | undefined = `/v1/tokens/${tokenId}/history?pageLimit=1`;
    while (path) {
      const { body }: { body: { data: { type: string }[]; meta: { next?: string } } } = await api.get(path);
      paged.push(...typesOf(body.data));
      const next = body.meta.next && new URL(body.meta.next);
      path = next ? next.pathname + next.search : undefined;
    }
    expect(paged).toEqual(events);
    expect(JSON.stringify(await historyOf(tokenId))).not.toMatch(/"(tokenHash|previousHash)":"[^*]/);
  });

  it('is rotated and revoked', async () => {
    expect((await api.post(`/v1/tokens/${revokedId}/rotate`)).status).toBe(409);
    expect((await api.delete(`/v1/tokens/${revokedId}`)).status).toBe(204);
    expect(typesOf(await historyOf(revokedId))[0]).toBe('ApiTokenAdopted');
    const rotated = (await api.post(`/v1/tokens/${tokenId}/rotate`)).body.data;
    expect((await api.post(`/v1/tokens/${tokenId}/rotate`)).status).toBe(409);
    const statuses = await Promise.all(
      [earlier, secret, rotated.secret].map(async (one) => (await new ApiClient(app.url, one).get('/v1/tags')).status),
    );
    expect(statuses).toEqual([200, 200, 200]);
    expect((await api.delete(`/v1/tokens/${(await api.create('/v1/tokens', shop)).id}`)).status).toBe(204);
  });

  it('is in the table as before when that is rebuilt', async () => {
    const table = () => app.database.sql('SELECT * FROM api_tokens ORDER BY id');
    const before = await table();
    await rebuildTable(app.database.ownerUrl, app.runtime.codec, apiTokenStream, 'api_tokens');
    expect(before.length).toBeGreaterThan(MANY);
    expect(await table()).toEqual(before);
  });
});

const shop = { name: 'Shop', scopes: ['tags:read'] };

describe('One among thousands of tokens', () => {
  it('takes a few rows to create, rotate and revoke', async () => {
    const created = await countRows(() => api.create('/v1/tokens', shop));
    const rotated = await countRows(() => api.post(`/v1/tokens/${created.result.id}/rotate`));
    const revoked = await countRows(() => api.delete(`/v1/tokens/${created.result.id}`));
    expect([rotated.result.status, revoked.result.status]).toEqual([200, 204]);
    // Through a pooler, each transaction begins with two.
    expect(Math.max(created.rows, rotated.rows, revoked.rows)).toBeLessThan(20);
  });

  it('takes a start a few rows', async () => {
    await app.database.sql('UPDATE installation SET demo_organization_id = $1', [organizationId]);
    const { rows, result } = await countRows(() => bootstrap(app.database.appUrl, app.runtime));
    expect(result).toBeUndefined();
    expect(rows).toBeLessThan(10);
  });
});

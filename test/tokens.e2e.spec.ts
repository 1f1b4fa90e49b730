import { randomUUID } from 'node:crypto';
import { tokensInForce } from '#libs/organizations/api-token.stream.js';
import { TokenUsage } from '#libs/organizations/token-usage.js';
import { rowsReadInVain } from '#libs/testing/removed-rows.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const shop = { name: ' Web shop ', scopes: ['tags:write', 'tokens:read'] };
const withSecret = ({ secret }: { secret: string }) => new ApiClient(app.url, secret);
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe('An API token', () => {
  it('is created with a secret that is shown once, and acts for the actor of its creator', async () => {
    const api = await app.createTestOrganization();
    const [creator] = (await api.get('/v1/tokens')).body.data;
    const answer = await api.post('/v1/tokens', shop);
    expect(answer.status).toBe(201);
    const { secret, ...token } = answer.body.data;
    expect(secret).toMatch(/^dsk_[\w-]{43}$/);
    expect(token).toEqual({
      id: expect.any(String),
      name: 'Web shop',
      state: 'Active',
      scopes: shop.scopes,
      actorId: api.actorId,
      createdAt: expect.any(String),
      createdBy: { actorId: api.actorId, tokenId: creator.id },
    });
    expect((await api.get(`/v1/tokens/${token.id}`)).body.data).toEqual(token);
    expect((await withSecret({ secret }).get('/v1/tokens')).body.data).toEqual([creator, token]);
    const stored = await app.database.sql('SELECT data FROM events WHERE organization_id = $1', [api.organizationId]);
    expect(JSON.stringify(stored)).not.toContain(secret);
  });

  it('that somebody made on the command line was created by no token', async () => {
    const api = await app.createTestOrganization();
    expect((await api.get('/v1/tokens')).body.data).toMatchObject([{ createdBy: { actorId: api.actorId } }]);
  });

  it('can be given no scope that its creator lacks', async () => {
    const admin = await app.createTestOrganization();
    const limited = await app.clientWith(['tokens:write', 'tags:write', 'teams:read'], admin);
    for (const [scope, status] of [
      ['tags:write', 201],
      ['tags:read', 201],
      ['teams:read', 201],
      ['teams:write', 403],
      ['agents:read', 403],
      ['admin', 403],
    ]) {
      const answer = await limited.post('/v1/tokens', { name: 'x', scopes: ['tokens:read', scope] });
      expect([scope, answer.status]).toEqual([scope, status]);
      if (status === 403) expect(answer.body.message).toBe(`The API token lacks the scope ${scope}`);
    }
  });

  it('is neither rotated nor revoked by one that lacks its scopes', async () => {
    const admin = await app.createTestOrganization();
    const limited = await app.clientWith(['tokens:write', 'tags:write'], admin);
    const { data } = (await limited.get('/v1/tokens')).body;
    const { id } = data.find(({ scopes }: { scopes: string[] }) => scopes.includes('admin'));
    for (const answer of [await limited.post(`/v1/tokens/${id}/rotate`), await limited.delete(`/v1/tokens/${id}`)]) {
      expect(answer).toMatchObject({ status: 403, body: { message: 'The API token lacks the scope admin' } });
    }
    expect((await admin.get('/v1/tokens')).status).toBe(200);
  });

  it('is refused at once when it has been revoked, and stays in the list', async () => {
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', shop);
    const client = withSecret(token);
    expect((await client.get('/v1/tags')).status).toBe(200);
    expect((await api.delete(`/v1/tokens/${token.id}`)).status).toBe(204);
    expect((await api.delete(`/v1/tokens/${token.id}`)).status).toBe(204);
    expect(await client.get('/v1/tags')).toMatchObject({
      status: 401,
      body: { message: 'The API token has been revoked' },
    });
    const shown = (await api.get('/v1/tokens')).body.data[1];
    expect(shown).toMatchObject({ id: token.id, state: 'Revoked', revokedAt: expect.any(String) });
    expect((await api.post(`/v1/tokens/${token.id}/rotate`)).status).toBe(409);
  });

  it('is refused once its revocation under an Idempotency-Key is committed, though it was used just before', async () => {
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', shop);
    const client = withSecret(token);
    const release = await holdUp(app, 'LOCK TABLE idempotency_keys IN SHARE MODE');
    const headers = { 'idempotency-key': 'revoke' };
    const revoking = api.send('DELETE', `/v1/tokens/${token.id}`, undefined, headers);
    expect((await release(() => client.get('/v1/tags')))?.status).toBe(200);
    expect((await revoking).status).toBe(204);
    expect((await client.get('/v1/tags')).status).toBe(401);
  });

  it('is refused from the moment that it expires, though it is remembered', async () => {
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', { ...shop, expiresAt: inSeconds(3600) });
    expect(token.expiresAt).toMatch(/^\d{4}-.*Z$/);
    const soon = await api.create('/v1/tokens', { ...shop, expiresAt: inSeconds(3) });
    const client = withSecret(soon);
    expect((await client.get('/v1/tags')).status).toBe(200);
    const refusal = await waitFor('the token to expire', async () => {
      const answer = await client.get('/v1/tags');
      return answer.status === 401 && answer;
    });
    expect(refusal.body.message).toBe('The API token has expired');
    expect(Date.now() - Date.parse(soon.expiresAt)).toBeLessThan(4_000);
    expect((await api.get(`/v1/tokens/${soon.id}`)).body.data.state).toBe('Expired');
    expect((await api.post(`/v1/tokens/${soon.id}/rotate`)).status).toBe(409);
    expect((await withSecret(token).get('/v1/tags')).status).toBe(200);
  });

  it('cannot expire in the past, nor have a limit that whole seconds do not count', async () => {
    const api = await app.createTestOrganization();
    const past = await api.post('/v1/tokens', { ...shop, expiresAt: inSeconds(-1) });
    expect(past).toMatchObject({ status: 400, body: { faults: [{ path: 'expiresAt' }] } });
    const odd = await api.post('/v1/tokens', { ...shop, rateLimit: { perSecond: 100, burst: 150 } });
    expect(odd).toMatchObject({ status: 400, body: { faults: [{ path: 'rateLimit.burst' }] } });
    expect((await api.post('/v1/tokens', { ...shop, scopes: ['nothing:read'] })).status).toBe(400);
    expect((await api.post('/v1/tokens', { ...shop, name: ' ' })).status).toBe(400);
  });

  it('has two or three secrets for as long as rotations overlap, each for its time', async () => {
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', shop);
    const statuses = async (...of: { secret: string }[]) =>
      Promise.all(of.map(async (one) => (await withSecret(one).get('/v1/tags')).status));
    expect(await statuses(token)).toEqual([200]);

    const first = (await api.post(`/v1/tokens/${token.id}/rotate`)).body.data;
    expect(first).toMatchObject({ id: token.id, name: 'Web shop', scopes: shop.scopes, state: 'Active' });
    expect(Date.parse(first.previousSecretUntil) - Date.now()).toBeGreaterThan(86_000_000);
    expect(await statuses(token, first)).toEqual([200, 200]);

    const second = (await api.post(`/v1/tokens/${token.id}/rotate`, { overlapSeconds: 3 })).body.data;
    expect(await statuses(token, first, second)).toEqual([200, 200, 200]);
    expect(second.previousSecretUntil).toBe(first.previousSecretUntil);
    const tooMany = await api.post(`/v1/tokens/${token.id}/rotate`);
    expect(tooMany).toMatchObject({ status: 409, body: { message: expect.stringContaining('three secrets') } });
    const refusal = await waitFor('the overlap to be over', async () => {
      const answer = await withSecret(first).get('/v1/tags');
      return answer.status === 401 && answer;
    });
    expect(refusal.body.message).toBe('The API token has been replaced by another secret');
    expect(await statuses(token, second)).toEqual([200, 200]);

    const third = (await api.post(`/v1/tokens/${token.id}/rotate`, { overlapSeconds: 0 })).body.data;
    expect(third.previousSecretUntil).toBe(first.previousSecretUntil);
    expect(await statuses(token, second, third)).toEqual([200, 401, 200]);
    await api.delete(`/v1/tokens/${token.id}`);
    expect(await statuses(token, second, third)).toEqual([401, 401, 401]);
  });

  it('loses its secret at once by a rotation without overlap, but none whose time an earlier one promised', async () => {
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', shop);
    const rotated = async (overlapSeconds: number) =>
      (await api.post(`/v1/tokens/${token.id}/rotate`, { overlapSeconds })).body.data;
    const secrets = [token, await rotated(3600), await rotated(7200), await rotated(0), await rotated(0)];
    const statuses = await Promise.all(secrets.map(async (one) => (await withSecret(one).get('/v1/tags')).status));
    expect(statuses).toEqual([200, 200, 401, 401, 200]);
  });

  it('is one of at most 1,000 that are in force, also when many are created at once', async () => {
    const api = await app.createTestOrganization();
    const fill = `INSERT INTO api_tokens (organization_id, id, name, actor_id, secret_hash, scopes, created_at, created_by,
        revoked_at, expires_at)
      SELECT $1, gen_random_uuid(), 'x', $1, gen_random_uuid(), '{}', now(), $1, $2, $3 FROM generate_series(1, $4)`;
    await app.database.sql(fill, [api.organizationId, null, null, 998]);
    await app.database.sql(fill, [api.organizationId, new Date(), null, 50]);
    await app.database.sql(fill, [api.organizationId, null, new Date(), 50]);
    const counting = tokensInForce(api.organizationId, new Date().toISOString());
    expect(await rowsReadInVain(app.runtime.database, api.organizationId, counting)).toBe(0);
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.post('/v1/tokens', shop)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    const refusal = answers.find(({ status }) => status === 409);
    expect(refusal?.body.message).toContain('has 1,000 valid API tokens, which is the maximum. Revoke an unused one');
    const created = answers.find(({ status }) => status === 201)?.body.data;
    await api.delete(`/v1/tokens/${created.id}`);
    expect((await api.post('/v1/tokens', shop)).status).toBe(201);
  });

  it('that is unknown is told from one of another organization by nothing', async () => {
    const [mine, theirs] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const token = await theirs.create('/v1/tokens', shop);
    for (const id of [token.id, randomUUID()]) {
      for (const answer of [
        await mine.get(`/v1/tokens/${id}`),
        await mine.delete(`/v1/tokens/${id}`),
        await mine.post(`/v1/tokens/${id}/rotate`),
      ]) {
        expect(answer).toMatchObject({ status: 404, body: { message: `API token ${id} could not be found` } });
      }
    }
  });

  it('is listed in pages, oldest first', async () => {
    const api = await app.createTestOrganization();
    for (const name of ['a', 'b', 'c']) await api.create('/v1/tokens', { ...shop, name });
    const first = (await api.get('/v1/tokens?pageLimit=3')).body;
    expect(first.data.map(({ name }: { name: string }) => name)).toEqual(['test', 'a', 'b']);
    const { pathname, search } = new URL(first.meta.next);
    expect((await api.get(pathname + search)).body.data).toMatchObject([{ name: 'c' }]);
  });

  it('says when it was last used, soon', async () => {
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', shop);
    const before = Date.now();
    await withSecret(token).get('/v1/tags');
    await app.get(TokenUsage).run();
    const { lastUsedAt } = (await api.get(`/v1/tokens/${token.id}`)).body.data;
    expect(Date.parse(lastUsedAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(lastUsedAt)).toBeLessThanOrEqual(Date.now());
  });

  it('has its last use written when the process stops', async () => {
    const other = await startTestApp({ beside: app });
    const api = await app.createTestOrganization();
    const token = await api.create('/v1/tokens', shop);
    await new ApiClient(other.url, token.secret).get('/v1/tags');
    await other.close();
    expect((await api.get(`/v1/tokens/${token.id}`)).body.data.lastUsedAt).toEqual(expect.any(String));
  });

  it('is checked before the body of the request is', async () => {
    const stranger = new ApiClient(app.url, '');
    expect((await stranger.post('/v1/tags', '{"name": ')).status).toBe(401);
    expect((await stranger.post('/v1/tags', { name: 'x'.repeat(2_000_000) })).status).toBe(401);
  });
});

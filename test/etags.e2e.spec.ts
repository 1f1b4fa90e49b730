import { randomUUID } from 'node:crypto';
import { type Answer, ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';
import { type Prepared, VERSIONED_OPERATIONS, WITHOUT_ETAG } from './support/versioned-operations.js';

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string }[];
  responses: Record<string, { headers?: object }>;
}

let app: TestApp;
let api: ApiClient;
let operations: { method: string; path: string; operation: Operation }[];
beforeAll(async () => {
  app = await startTestApp();
  const { paths } = (await new ApiClient(app.url, '').get('/openapi.json')).body as {
    paths: Record<string, Record<string, Operation>>;
  };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const methodOf = (operationId: string) =>
  operations.find(({ operation }) => operation.operationId === operationId)?.method.toUpperCase() ?? '';
const urlOf = ({ path, rest = '' }: Prepared) => `/v1${path}${rest}`;
const send = (operationId: string, prepared: Prepared, headers: Record<string, string> = {}) =>
  api.send(methodOf(operationId), urlOf(prepared), prepared.body, headers);
const etagOf = ({ headers }: Answer) => headers.get('etag') ?? '';
const versionOf = (answer: Answer) => Number(/^"(\d+)/.exec(etagOf(answer))?.[1]);
const prepare = (operationId: string) =>
  (VERSIONED_OPERATIONS[operationId] as (api: ApiClient) => Promise<Prepared>)(api);
const eventCount = async () => {
  const text = 'SELECT count(*)::int AS count FROM events WHERE organization_id = $1';
  return (await app.database.sql<{ count: number }>(text, [api.organizationId]))[0]?.count;
};

const names = Object.keys(VERSIONED_OPERATIONS);
const reads = names.filter((name) => /_get/.test(name));
const writes = names.filter((name) => !reads.includes(name));

describe('The operations on one entity', () => {
  it('all have ETags, but for those that are named here', () => {
    const onOne = operations.filter(({ path, method }) => (method === 'get' ? path.endsWith('}') : path.includes('{')));
    expect(onOne.map(({ operation }) => operation.operationId).sort()).toEqual([...names, ...WITHOUT_ETAG].sort());
    for (const { method, operation } of onOne) {
      const documented = operation.parameters?.map(({ name }) => name) ?? [];
      const has = !WITHOUT_ETAG.includes(operation.operationId);
      expect(documented.includes(method === 'get' ? 'If-None-Match' : 'If-Match')).toBe(has);
      expect(Object.hasOwn(operation.responses, method === 'get' ? '304' : '412')).toBe(has);
    }
  });

  it.each(reads)('%s: answers 304 to those who know it', async (name) => {
    const prepared = await prepare(name);
    const first = await send(name, prepared);
    expect(first.status).toBe(200);
    expect(etagOf(first)).toMatch(/^"[1-9]\d*-[0-9a-f]{16}"$/);
    const known = await send(name, prepared, { 'if-none-match': `"1-other", W/${etagOf(first)}` });
    expect([known.status, known.body, etagOf(known)]).toEqual([304, '', etagOf(first)]);
    expect(known.headers.get('content-type')).toBeNull();
    expect((await send(name, prepared, { 'if-none-match': '*' })).status).toBe(304);
    const other = await send(name, prepared, { 'if-none-match': `"${versionOf(first)}"` });
    expect([other.status, other.body]).toEqual([200, first.body]);
  });

  it.each(writes)('%s: changes nothing when the client knows another version', async (name) => {
    const prepared = await prepare(name);
    const before = await eventCount();
    const refused = await send(name, prepared, { 'if-match': '"99-00112233445566aa", W/"98"' });
    expect([refused.status, refused.body.code]).toEqual([412, 'precondition-failed']);
    expect(etagOf(refused)).toMatch(/^"[1-9]\d*"$/);
    expect(await eventCount()).toBe(before);
    const accepted = await send(name, prepared, { 'if-match': etagOf(refused) });
    expect(String(accepted.status)).toMatch(/^20\d$/);
    expect(versionOf(accepted)).toBeGreaterThan(versionOf(refused));
  });

  it.each(writes)('%s: of two at once that know the same version, one succeeds', async (name) => {
    const prepared = await prepare(name);
    const { headers } = await send(name, prepared, { 'if-match': '"99"' });
    const ifMatch = { 'if-match': headers.get('etag') ?? '' };
    const answers = await Promise.all([send(name, prepared, ifMatch), send(name, prepared, ifMatch)]);
    const statuses = answers.map(({ status }) => status).sort();
    expect([statuses[0] && statuses[0] < 300, statuses[1]]).toEqual([true, 412]);
  });

  it.each(writes)('%s: takes any version when it says so', async (name) => {
    const prepared = await prepare(name);
    expect((await send(name, prepared, { 'if-match': '*' })).status).toBeLessThan(300);
  });
});

describe('An ETag', () => {
  it('goes from a write to the next one without a read between', async () => {
    const created = await api.post('/v1/endusers', { displayName: 'Alice' });
    expect(versionOf(created)).toBe(1);
    const path = `/v1/endusers/${created.body.data.id}`;
    const patched = await api.send('PATCH', path, { displayName: 'Bob' }, { 'if-match': etagOf(created) });
    expect([patched.status, versionOf(patched)]).toEqual([200, 2]);
    const stale = await api.send('PATCH', path, { displayName: 'Carol' }, { 'if-match': etagOf(created) });
    expect([stale.status, etagOf(stale)]).toEqual([412, '"2"']);
    expect(versionOf(await api.get(path))).toBe(2);
  });

  it('is another one when what is shown of other entities changes, and still fits If-Match', async () => {
    const user = await api.create('/v1/endusers', { displayName: 'Alice' });
    const attribute = { entityType: 'Contact', identifier: 'tier', label: 'Tier', inputDefinition: { _type: 'Text' } };
    const { id } = await api.create('/v1/custom-attributes', attribute);
    await api.patch(`/v1/endusers/${user.id}/custom-attributes`, { [id]: 'gold' });
    const before = await api.get(`/v1/endusers/${user.id}`);
    await api.patch(`/v1/custom-attributes/${id}`, { label: 'Level' });
    const after = await api.send('GET', `/v1/endusers/${user.id}`, undefined, { 'if-none-match': etagOf(before) });
    expect([after.status, versionOf(after)]).toEqual([200, versionOf(before)]);
    expect(etagOf(after)).not.toBe(etagOf(before));
    const ifMatch = { 'if-match': etagOf(before) };
    expect((await api.send('PATCH', `/v1/endusers/${user.id}`, { displayName: 'B' }, ifMatch)).status).toBe(200);
  });

  it('of a write that changes nothing is checked and answered as well', async () => {
    const id = await api.createTag('VIP');
    const unchanged = await api.patch(`/v1/tags/${id}/activate`);
    expect([unchanged.status, etagOf(unchanged)]).toEqual([204, '"1"']);
    const stale = await api.send('PATCH', `/v1/tags/${id}/activate`, undefined, { 'if-match': '"2"' });
    expect(stale.status).toBe(412);
  });

  it('is that of the new entity, where its creation changes others, too', async () => {
    const queue = { callFunctionality: false, isDefault: true, isDoNotOfferEnabled: false };
    await api.post('/v1/queues', { request: { ...queue, name: 'Old' } });
    expect(versionOf(await api.post('/v1/queues', { request: { ...queue, name: 'New' } }))).toBe(1);
  });

  it('is answered where an existing tag is, too', async () => {
    const id = await api.createTag('Regular');
    await api.patch(`/v1/tags/${id}/deactivate`);
    expect((await api.post('/v1/tags', { name: 'regular' })).headers.get('etag')).toMatch(/^"2-/);
  });

  it('is not answered to lists and errors', async () => {
    expect((await api.get('/v1/tags')).headers.get('etag')).toBeNull();
    const missing = await api.send('GET', `/v1/tags/${randomUUID()}`, undefined, { 'if-none-match': '*' });
    expect([missing.status, missing.headers.get('etag')]).toEqual([404, null]);
  });

  it('comes with HEAD as with GET', async () => {
    const path = `/v1/tags/${await api.createTag('VIP')}`;
    const etag = etagOf(await api.get(path));
    const head = await api.send('HEAD', path, undefined, { 'if-none-match': etag });
    expect([head.status, etagOf(head)]).toEqual([200, etag]);
  });
});

describe('If-Match', () => {
  it.each(['7', '"x"', '', '"7', '"7" "8"'])('%j is a 400', async (header) => {
    const id = await api.createTag('VIP');
    const answer = await api.send('PATCH', `/v1/tags/${id}/deactivate`, undefined, { 'if-match': header });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('header If-Match');
  });

  it('is a 400 where there is not one entity that has an ETag', async () => {
    const agent = await api.createAgent();
    for (const [method, path, body] of [
      ['POST', '/v1/tags', { name: 'VIP' }],
      ['PATCH', '/v1/endusers', { data: [{ id: randomUUID(), displayName: 'x' }] }],
      ['PUT', `/v1/agents/${agent.id}/presence`, { connectionStatus: 'Online' }],
    ] as const) {
      const answer = await api.send(method, path, body, { 'if-match': '"1"' });
      expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('header If-Match')]);
    }
    expect((await api.get('/v1/tags')).body.data).toEqual([]);
  });

  it('is what writes go by: If-None-Match is a 400 with them', async () => {
    const path = '/v1/endusers/external/crm-1';
    await api.send('PUT', path, { displayName: 'Alice' });
    const answer = await api.send('PUT', path, { displayName: 'Bob' }, { 'if-none-match': '*' });
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('header If-None-Match')]);
    expect((await api.get('/v1/endusers?externalId=crm-1')).body.data).toMatchObject([{ displayName: 'Alice' }]);
  });

  it('of an entity that does not exist, or of another organization, is a 404', async () => {
    const stranger = await app.createTestOrganization();
    const foreign = await stranger.createTag('VIP');
    for (const id of [randomUUID(), foreign]) {
      for (const header of ['"1"', '*']) {
        const answer = await api.send('DELETE', `/v1/tags/${id}`, undefined, { 'if-match': header });
        expect([answer.status, answer.headers.get('etag')]).toEqual([404, null]);
      }
    }
  });

  it('of a path that names no entity is a 400', async () => {
    for (const id of ['1', 'x', '%00', `${randomUUID()}%27`]) {
      expect((await api.send('DELETE', `/v1/tags/${id}`, undefined, { 'if-match': '"1"' })).status).toBe(400);
      expect((await api.get(`/v1/tags/${id}`)).status).toBe(400);
    }
  });

  it('is checked once under an Idempotency-Key: a repetition is answered as the first was', async () => {
    const path = `/v1/tags/${await api.createTag('VIP')}/deactivate`;
    const headers = { 'if-match': '"1"', 'idempotency-key': 'k' };
    const first = await api.send('PATCH', path, undefined, headers);
    expect([first.status, etagOf(first)]).toEqual([204, '"2"']);
    const again = await api.send('PATCH', path, undefined, headers);
    expect([again.status, etagOf(again)]).toEqual([204, '"2"']);
    const other = await api.send('PATCH', path, undefined, { ...headers, 'idempotency-key': 'k2' });
    expect(other.status).toBe(412);
  });
});

import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient, untilServed } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const send = (method: string, path: string, body: unknown, key: string, more: Record<string, string> = {}) =>
  api.send(method, path, body, { 'idempotency-key': key, ...more });

const countOf = async (type: string) => {
  const text = 'SELECT count(*)::int AS count FROM events WHERE organization_id = $1 AND type = $2';
  const [row] = await app.database.sql<{ count: number }>(text, [api.organizationId, type]);
  return row?.count;
};

describe('A request with an Idempotency-Key', () => {
  it('is carried out once, and answered the same to each repetition', async () => {
    const agent = { displayName: 'Bob', email: 'bob@agents.example' };
    const first = await send('POST', '/v1/agents', agent, 'key 1');
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    for (let i = 0; i < 3; i++) {
      const again = await send('POST', '/v1/agents', agent, 'key 1');
      expect(again.status).toBe(201);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
      expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(await countOf('AgentCreated')).toBe(1);
  });

  it('is repeated without a body where it had none', async () => {
    const id = await api.createTag('VIP');
    const first = await send('DELETE', `/v1/tags/${id}`, undefined, 'gone');
    expect([first.status, first.body]).toEqual([204, '']);
    const again = await send('DELETE', `/v1/tags/${id}`, undefined, 'gone');
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([204, '', 'true']);
    expect((await api.delete(`/v1/tags/${id}`)).status).toBe(404);
  });

  it('is refused when the key was used for another body, path, query or method', async () => {
    const userId = (await api.create('/v1/endusers', { displayName: 'Alice' })).id as string;
    const path = `/v1/endusers/${userId}`;
    expect((await send('PATCH', path, { displayName: 'A' }, 'k')).status).toBe(200);
    for (const [method, other, body] of [
      ['PATCH', path, { displayName: 'B' }],
      ['PATCH', `${path}?x=1`, { displayName: 'A' }],
      ['PATCH', `/v1/endusers/${randomUUID()}`, { displayName: 'A' }],
      ['PUT', path, { displayName: 'A' }],
    ] as const) {
      const answer = await send(method, other, body, 'k');
      expect(answer.status).toBe(422);
      expect(answer.body.code).toBe('unprocessable');
    }
    expect((await api.get(path)).body.data.displayName).toBe('A');
  });

  it('that was refused has changed nothing, and may be repeated until it succeeds', async () => {
    const team = await api.createTeam('Support');
    const agent = await api.createAgent();
    const unknown = randomUUID();
    const add = (agentIds: string[]) => send('PATCH', `/v1/teams/${team}/agents`, { agentIds }, 'k');
    expect((await add([agent.id, unknown])).status).toBe(404);
    expect((await send('POST', '/v1/tags', { name: 5 }, 'k')).status).toBe(400);
    const added = await add([agent.id]);
    expect([added.status, added.headers.get('idempotent-replayed')]).toEqual([200, null]);
    expect((await add([agent.id])).headers.get('idempotent-replayed')).toBe('true');
  });

  it('may be one of many items, some of which fail', async () => {
    const user = await api.create('/v1/endusers', { displayName: 'Alice', email: 'alice@brown.example' });
    const create = (email: string) => ({ displayName: 'x', email });
    const bulk = await send('POST', '/v1/endusers/bulk', { data: [create('a@x.example'), create(user.email)] }, 'bulk');
    expect(bulk.status).toBe(201);
    expect(bulk.body.data.map(({ _type }: { _type: string }) => _type)).toEqual([
      'BulkActionSuccess',
      'BulkActionFailure',
    ]);
    expect(
      (await send('POST', '/v1/endusers/bulk', { data: [create('a@x.example'), create(user.email)] }, 'bulk')).body,
    ).toEqual(bulk.body);
    expect(await countOf('EndUserCreated')).toBe(2);
  });

  it('goes on after what fails within: a name that is taken, a race that is lost', async () => {
    await api.createTag('VIP');
    const answer = await send('POST', '/v1/tags', { name: 'vip' }, 'k');
    expect([answer.status, answer.body.data.name]).toEqual([200, 'VIP']);
    expect((await send('POST', '/v1/tags', { name: 'vip' }, 'k')).body).toEqual(answer.body);
  });

  it('is not mixed up with that of another token or organization', async () => {
    const other = await app.clientWith(['admin'], api);
    const stranger = await app.createTestOrganization();
    const ids = await Promise.all(
      [api, other, stranger].map(async (client) => {
        const answer = await client.send('POST', '/v1/teams', { name: 'Support' }, { 'idempotency-key': 'same' });
        expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([201, null]);
        return answer.body.data.id as string;
      }),
    );
    expect(new Set(ids).size).toBe(3);
  });

  it.each(['', 'x'.repeat(256), 'schlüssel', 'tab\there'])('is a 400 when the key is %j', async (key) => {
    const answer = await send('POST', '/v1/tags', { name: 'VIP' }, key);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('header Idempotency-Key');
  });

  it('that only reads is not affected by it', async () => {
    expect((await send('GET', '/v1/tags', undefined, 'x'.repeat(300))).status).toBe(200);
  });

  it('needs a valid token, however often it is repeated', async () => {
    await send('POST', '/v1/tags', { name: 'VIP' }, 'k');
    expect((await send('POST', '/v1/tags', { name: 'VIP' }, 'k', { authorization: 'Bearer nonsense' })).status).toBe(
      401,
    );
  });

  it('may use a key again after 24 hours', async () => {
    const first = await send('POST', '/v1/teams', { name: 'Support' }, 'k');
    await app.database.sql(
      `UPDATE idempotency_keys SET created_at = now() - interval '24 hours' WHERE organization_id = $1`,
      [api.organizationId],
    );
    const second = await send('POST', '/v1/teams', { name: 'Sales' }, 'k');
    expect(second.status).toBe(201);
    expect(second.body.data.id).not.toBe(first.body.data.id);
    expect((await send('POST', '/v1/teams', { name: 'Sales' }, 'k')).body).toEqual(second.body);
  });

  it('is told that the first is still under way, and answered once it is done', async () => {
    const id = await api.createTag('VIP');
    const release = await holdUp(app, `LOCK TABLE tags IN ACCESS EXCLUSIVE MODE`);
    const first = send('PATCH', `/v1/tags/${id}/deactivate`, undefined, 'k');
    await release(async () => {
      const second = await send('PATCH', `/v1/tags/${id}/deactivate`, undefined, 'k');
      expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1']);
    });
    expect((await first).status).toBe(204);
    expect((await send('PATCH', `/v1/tags/${id}/deactivate`, undefined, 'k')).headers.get('idempotent-replayed')).toBe(
      'true',
    );
  });

  it('sent many times at once is carried out once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => send('POST', '/v1/teams', { name: 'Support' }, 'k')),
    );
    const ids = answers.filter(({ status }) => status === 201).map(({ body }) => body.data.id as string);
    expect(new Set(ids).size).toBe(1);
    expect(answers.map(({ status }) => status).filter((status) => ![201, 409].includes(status))).toEqual([]);
    expect(await countOf('TeamCreated')).toBe(1);
  });

  it('keeps its answer sealed', async () => {
    const webhook = {
      name: 'x',
      url: 'http://127.0.0.1:9',
      events: [],
      authorization: { _type: 'NoAuth' },
    };
    const created = await send('POST', '/v1/webhooks', webhook, 'k');
    expect(created.status).toBe(201);
    const rows = await app.database.sql('SELECT * FROM idempotency_keys WHERE organization_id = $1', [
      api.organizationId,
    ]);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(created.body.data.secretKey);
    expect((await send('POST', '/v1/webhooks', webhook, 'k')).body).toEqual(created.body);
  });

  it('is announced to those who follow events once it is committed', async () => {
    let signals = 0;
    const { notifications } = app.runtime;
    const signal = notifications.signal.bind(notifications);
    notifications.signal = (organizationId) => {
      signals++;
      signal(organizationId);
    };
    await send('POST', '/v1/tags', { name: 'VIP' }, 'k');
    await waitFor('the announcement', () => signals === 1);
    await send('POST', '/v1/tags', { name: 'VIP' }, 'k');
    expect(signals).toBe(1);
    notifications.signal = signal;
  });
});

describe('Every operation that writes', () => {
  it('takes an Idempotency-Key, and says so', async () => {
    const { paths } = (await api.get('/openapi.json')).body as {
      paths: Record<string, Record<string, { parameters?: { name: string }[]; responses: Record<string, unknown> }>>;
    };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    // Sending a test and searching change nothing here.
    const changesNothing = (path: string) => path.endsWith('/test') || path.startsWith('/v1/search/');
    const writes = operations.filter(({ method, path }) => method !== 'get' && !changesNothing(path));
    expect(writes.length).toBeGreaterThan(40);
    for (const { path, method, operation } of writes) {
      expect(operation.parameters?.map(({ name }) => name)).toContain('Idempotency-Key');
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['409', '422']));
      const answer = await send(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '1'), undefined, 'x'.repeat(256));
      expect([path, answer.status, answer.body.message]).toEqual([
        path,
        400,
        expect.stringContaining('Idempotency-Key'),
      ]);
    }
  });
});

describe('Requests with and without a key, at the same time', () => {
  it('do not disturb each other', async () => {
    const others = await Promise.all(Array.from({ length: 3 }, () => app.createTestOrganization()));
    const plain = (client: ApiClient, i: number) => client.post('/v1/tags', { name: `plain ${i}` });
    const keyed = (client: ApiClient, i: number) =>
      client.send('POST', '/v1/tags', { name: `keyed ${i}` }, { 'idempotency-key': `k${i}` });
    const team = await api.createTeam('Support');
    const refused = (i: number) =>
      send('PATCH', `/v1/teams/${team}/agents`, { agentIds: [randomUUID()] }, `refused ${i}`);
    const calls = [api, ...others].flatMap((client) =>
      Array.from({ length: 60 }, (_, i) => [() => plain(client, i), () => keyed(client, i), () => refused(i)]).flat(),
    );
    const answers = await Promise.all(calls.map(untilServed));
    const unexpected = answers.filter(({ status }) => ![200, 404, 409].includes(status));
    expect(unexpected.map(({ body }) => body)).toEqual([]);
    for (const client of [api, ...others]) {
      const names = (await client.get('/v1/tags')).body.data.map(({ name }: { name: string }) => name) as string[];
      expect(names.sort()).toEqual(
        Array.from({ length: 60 }, (_, i) => [`plain ${i}`, `keyed ${i}`])
          .flat()
          .sort(),
      );
    }
  });
});

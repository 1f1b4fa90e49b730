import { randomUUID } from 'node:crypto';
import { ApiClient } from './support/api-client.js';
import { sendRaw } from './support/raw-http.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
});
afterAll(() => app.close());

describe('A request', () => {
  it('is let in by a token, bare or as Bearer', async () => {
    for (const authorization of [api.token, `Bearer ${api.token}`, `bearer  ${api.token}`]) {
      expect((await api.send('GET', '/v1/tags', undefined, { authorization })).status).toBe(200);
    }
  });

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Basic dTpw',
    'dsk_unknown-but-of-the-right-length-0123456789AB',
    'short',
    "' OR 1=1 --",
  ])('is refused with the token %j', async (token) => {
    const answer = await new ApiClient(app.url, '').send(
      'GET',
      '/v1/tags',
      undefined,
      token ? { authorization: token } : {},
    );
    expect(answer.status).toBe(401);
    expect(answer.body.message).toMatch(/API token/);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="deskstream"');
  });

  it.each([
    ['Basic dTpw', 'Basic is not accepted; send an API token: Authorization: Bearer <token>'],
    ['basic dTpw', 'Basic is not accepted; send an API token: Authorization: Bearer <token>'],
    ['Digest username="u"', 'Digest is not accepted; send an API token: Authorization: Bearer <token>'],
    ['tr0ub4dor &3', 'This authentication scheme is not accepted; send an API token: Authorization: Bearer <token>'],
    ['Bearer dsk_a b', 'The API token contains white space; send Authorization: Bearer <token>'],
    ['Bearer $DESKSTREAM_TOKEN', 'The API token contains a $: was a shell variable not expanded?'],
    ['Bearer ${TOKEN}', 'The API token contains a $: was a shell variable not expanded?'],
  ])('that sends %s is told what to send instead', async (authorization, message) => {
    const answer = await new ApiClient(app.url, '').send('GET', '/v1/tags', undefined, { authorization });
    expect([answer.status, answer.body.message]).toEqual([401, message]);
  });

  it('to a protected path is refused before anything about it is told', async () => {
    const stranger = new ApiClient(app.url, '');
    expect((await stranger.get('/v1/tags/not-a-uuid')).status).toBe(401);
    expect((await stranger.post('/v1/tags', { name: 5 })).status).toBe(401);
  });

  it('has an id, its own when that is sane, in the answer and in the events it causes', async () => {
    const own = await api.send('POST', '/v1/tags', { name: 'own id' }, { 'x-request-id': 'shop:42.a_b-c' });
    expect(own.headers.get('x-request-id')).toBe('shop:42.a_b-c');
    const [event] = await app.database.sql<{ metadata: object }>('SELECT metadata FROM events WHERE stream = $1', [
      `tag-${own.body.data.id}`,
    ]);
    expect(event?.metadata).toEqual({ actorId: api.actorId, tokenId: expect.any(String), requestId: 'shop:42.a_b-c' });
    for (const insane of ['a b', 'x'.repeat(129), '<script>', 'ü']) {
      const answer = await api.send('GET', '/v1/nothing', undefined, { 'x-request-id': insane });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    }
  });

  it('to a path that does not exist is a 404 that says so', async () => {
    const answer = await api.get('/v1/nothing?x=1');
    expect(answer.status).toBe(404);
    expect(answer.body.message).toBe('There is no /v1/nothing; see /docs');
    expect((await api.get('/docs/nothing')).status).toBe(404);
  });

  it('by the wrong method is a 405 that names the right ones', async () => {
    const answer = await api.send('PUT', '/v1/tags', { name: 'x' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
    expect((await api.send('PUT', `/v1/tags/${randomUUID()}`)).status).toBe(405);
    expect((await api.post(`/v1/webhooks/${randomUUID()}`)).headers.get('allow')).toBe('GET, HEAD, PATCH, DELETE');
  });

  it('to a path that is spelled out takes it for no id', async () => {
    for (const [method, path, allowed] of [
      ['GET', '/v1/endusers/bulk', 'POST'],
      ['PUT', '/v1/agents/bulk', 'POST'],
      ['PATCH', '/v1/agents/presence', 'GET, HEAD'],
      ['DELETE', '/v1/webhooks/event-types/', 'GET, HEAD'],
      ['POST', '/v1/events/stream', 'GET, HEAD'],
      ['PUT', '/v1/conversations/1/tags/bulk', 'POST'],
      ['GET', '/v1/conversations/import', 'POST'],
      ['POST', '/v1/conversations/activitylog', 'GET, HEAD'],
    ] as const) {
      const { status, headers, body } = await api.send(method, path);
      expect({ path, status, allow: headers.get('allow') }).toEqual({ path, status: 405, allow: allowed });
      expect(body.message).toBe(`${method} is not possible here, only ${allowed}`);
    }
    expect((await api.get('/v1/endusers/bulks')).status).toBe(400);
  });

  it('about the number of a conversation that cannot exist is a 404, about what is not a number a 400', async () => {
    const paths = (id: string) => [
      `/v1/conversations/${id}`,
      `/v1/conversations/${id}/history`,
      `/v1/conversations/${id}/tags`,
      `/v1/queues/conversation-position/${id}`,
    ];
    for (const id of [
      '9007199254740991',
      '9007199254740993',
      '9223372036854775808',
      '9'.repeat(255),
      '00000000000000000001',
    ]) {
      for (const path of paths(id)) {
        const { status, body } = await api.get(path);
        expect({ path, status }).toEqual({ path, status: 404 });
        expect(body.message.toLowerCase()).toContain(`conversation ${id.replace(/^0+/, '')} could not be found`);
      }
    }
    expect((await api.put('/v1/conversations/9007199254740993/close', {})).status).toBe(404);
    expect((await api.patch('/v1/conversations/9007199254740993/anonymize')).status).toBe(404);
    for (const id of ['0', '00', '-1', '1.5', 'abc', '1e3', '+1', '0x1', '%201', '١', '9'.repeat(256)]) {
      for (const path of paths(id))
        expect({ path, status: (await api.get(path)).status }).toEqual({ path, status: 400 });
    }
  });

  it('that refers to a conversation that cannot exist is a 404, to what is not a number a 400', async () => {
    const client = await app.createTestOrganization();
    const { userId } = await createSupportTeam(client);
    const { id } = await client.create('/v1/conversations', emailFrom(userId));
    const link = (parentId: string) =>
      client.put(`/v1/conversations/${id}/link`, `{"parentId": ${parentId}, "linkType": "Related"}`);
    for (const parentId of ['9007199254740991', '9007199254740993', '9223372036854775808', '1e300']) {
      const { status, body } = await link(parentId);
      expect({ parentId, status }).toEqual({ parentId, status: 404 });
      expect(body.message).toMatch(/^Conversation .* could not be found$/);
    }
    for (const parentId of ['0', '-1', '1.5', '1e999', '"1"', 'null']) {
      const { status, body } = await link(parentId);
      expect({ parentId, status, faults: body.faults }).toEqual({
        parentId,
        status: 400,
        faults: [{ path: 'parentId', message: 'must be a positive whole number' }],
      });
    }
  });

  it('about a conversation expects the version of the same one, however its number is spelled', async () => {
    const client = await app.createTestOrganization();
    const { userId } = await createSupportTeam(client);
    const { id } = await client.create('/v1/conversations', emailFrom(userId));
    const path = `/v1/conversations/${'0'.repeat(20)}${id}`;
    expect((await client.get(path)).headers.get('etag')).toBe(
      (await client.get(`/v1/conversations/${id}`)).headers.get('etag'),
    );
    expect((await client.send('PUT', `${path}/close`, {}, { 'if-match': '"99"' })).status).toBe(412);
  });

  it.each(['(', '[', '(property .*)*(should.*)*(not.*)*(exist.*)*(.*.*)*zz', 'should', '__proto'])(
    'with a field named %s that does not exist is a 400',
    async (field) => {
      const answer = await api.patch(`/v1/endusers/${randomUUID()}`, { [field]: 1 });
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain(`Invalid value for: body (${field} is not a field of this request`);
    },
  );

  it('with a body that is not JSON is a 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
    ]) {
      const answer = await api.send('POST', '/v1/tags', 'name=x', { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(answer.body.message).toContain('application/json');
    }
    expect(
      (await api.send('POST', '/v1/tags', '{"name": "charset"}', { 'content-type': 'application/json; charset=utf-8' }))
        .status,
    ).toBe(200);
  });

  it('with a body over 1 MB is a 413', async () => {
    const answer = await api.post('/v1/tags', { name: 'x'.repeat(1024 * 1024) });
    expect(answer.status).toBe(413);
    expect(answer.body.message).toContain('1 MB');
  });

  it('that needs no body may claim to have one', async () => {
    const id = await api.createTag('claims');
    const answer = await api.send('PATCH', `/v1/tags/${id}/deactivate`, '', { 'content-type': 'application/json' });
    expect(answer.status).toBe(204);
  });

  it('with a body that is nested without end is a 400', async () => {
    const answer = await api.post('/v1/tags', `{"name": "deep", "x": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('nested deeper than 32 levels');
    expect((await api.post('/v1/tags', { name: 'flat', x: [[[]]] })).status).toBe(200);
  });

  it('may spell a UUID in upper case', async () => {
    const id = (await api.createTag('upper')).toUpperCase();
    expect((await api.patch(`/v1/tags/${id}/deactivate`)).status).toBe(204);
    expect((await api.get(`/v1/tags/${id}`)).body.data).toMatchObject({ id: id.toLowerCase(), state: 'Inactive' });
  });

  it('with a malformed URL is a 400', async () => {
    for (const path of ['/v1/tags/%ff', '/v1/tags/%00', '/v1/tags/%2e%2e%2f']) {
      const answer = await api.get(path);
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({ message: expect.any(String), code: 'invalid', requestId: expect.any(String) });
    }
  });

  it('that is not HTTP is answered and dropped', async () => {
    expect(await sendRaw(app.url, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  });
});

describe('While the database is unavailable', () => {
  let lonely: TestApp;
  beforeAll(async () => {
    lonely = await startTestApp();
  });
  afterAll(() => lonely.close());

  it('requests are answered 503 with Retry-After, and served again once it is back', async () => {
    const client = await lonely.createTestOrganization();
    expect((await client.post('/v1/tags', { name: 'before' })).status).toBe(200);
    const name = new URL(lonely.database.ownerUrl).pathname.slice(1);
    const administer = (text: string) => app.database.sql(text);
    await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    for (const answer of [
      await client.get('/v1/tags'),
      await client.post('/v1/tags', { name: 'x' }),
      await client.get('/health'),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.body.message).toContain('database');
    }
    await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    expect((await client.get('/health')).body).toMatchObject({ status: 'ok' });
    expect((await client.get('/v1/tags')).body.data).toHaveLength(1);
  });
});

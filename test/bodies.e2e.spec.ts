import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { head, sendRaw } from './support/raw-http.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

interface Operation {
  operationId: string;
  requestBody?: { required?: boolean; description?: string };
}

let app: TestApp;
let api: ApiClient;
let operations: { method: string; path: string; operation: Operation }[];
beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  const { paths } = (await api.get('/openapi.json')).body as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      // No such entity: what is answered about it comes after what is answered about the body.
      const path = template
        .replace('{conversationId}', '999999')
        .replace('{contactEndpointId}', 'support@acme.example')
        .replace(/\{\w+\}/g, randomUUID());
      return { method: method.toUpperCase(), path, operation };
    }),
  );
});
afterAll(() => app.close());

const send = (method: string, path: string, body: string | undefined, type: string) =>
  api.send(method, path, body, { 'content-type': type });

const raw = (request: string, headers: Record<string, string>, body: string | Buffer = '') =>
  sendRaw(
    app.url,
    Buffer.concat([
      Buffer.from(head(request, { authorization: `Bearer ${api.token}`, ...headers }), 'latin1'),
      Buffer.from(body),
    ]),
  );

const tagOf = (answer: string) => JSON.parse(answer.split('\r\n\r\n', 2)[1] as string).data.name as string;

describe('A write without a body', () => {
  const ofType = (type: string) => ({ 'content-type': type, 'content-length': '0' });
  const inChunks = { 'transfer-encoding': 'chunked' };
  const EMPTY: [string, Record<string, string>, string][] = [
    ['says nothing of it', {}, ''],
    ['has length 0', { 'content-length': '0' }, ''],
    ['is a form, as axios and curl say', ofType('application/x-www-form-urlencoded'), ''],
    ['is text, as fetch says', ofType('text/plain;charset=UTF-8'), ''],
    ['is JSON', ofType('application/json'), ''],
    ['is JSON in a strange character set', ofType('application/json; charset=utf-16'), ''],
    ['is a file', ofType('application/octet-stream'), ''],
    ['is of parts', ofType('multipart/form-data; boundary=x'), ''],
    ['is of a type that is none', ofType('garbage'), ''],
    ['is of a type that is broken', ofType('a/b/c; =;'), ''],
    ['is of no type', ofType(''), ''],
    ['is compressed', { 'content-encoding': 'gzip', 'content-length': '0' }, ''],
    ['comes in no chunks', inChunks, '0\r\n\r\n'],
    ['is a form in no chunks', { 'content-type': 'application/x-www-form-urlencoded', ...inChunks }, '0\r\n\r\n'],
  ];

  it.each(EMPTY)('is the same to each operation when it %s', async (_, headers, body) => {
    const bodyless = operations.filter(({ method, operation }) => method !== 'GET' && !operation.requestBody?.required);
    expect(bodyless.length).toBeGreaterThan(15);
    for (const { method, path } of bodyless) {
      const answer = await raw(`${method} ${path}`, headers, body);
      expect([path, answer.slice(9, 12)]).toEqual([path, expect.stringMatching(/^20[0-9]$|^404$/)]);
    }
  });

  it.each(EMPTY)('lacks the body that an operation requires when it %s', async (_, headers, body) => {
    const answer = await raw('POST /v1/tags', headers, body);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('body (must be a JSON object, but is missing)');
  });

  it('activates, closes and opens again', async () => {
    const { userId, tagId } = await createSupportTeam(api);
    const id = (await api.create('/v1/conversations', emailFrom(userId))).id as number;
    const form = 'application/x-www-form-urlencoded';
    for (const path of [`/v1/tags/${tagId}/deactivate`, `/v1/tags/${tagId}/activate`]) {
      expect((await send('PATCH', path, '', form)).status).toBe(204);
    }
    expect((await api.put(`/v1/conversations/${id}/close`)).status).toBe(204);
    expect((await send('PUT', `/v1/conversations/${id}/reopen`, '', form)).status).toBe(204);
    expect((await api.put(`/v1/conversations/${id}/close`, {})).status).toBe(204);
    expect((await api.get(`/v1/conversations/${id}`)).body.data.state).toBe('Closed');
  });
});

describe('A body', () => {
  it('is optional where the document says so, and nowhere else', () => {
    const optional = operations.filter(({ operation }) => operation.requestBody && !operation.requestBody.required);
    expect(optional.map(({ operation }) => operation.operationId).sort()).toEqual([
      'Agents_patchAgentsBulk',
      'Agents_updateAgentsBulk',
      'Conversations_close',
      'Conversations_reopen',
      'Tokens_rotate',
      'Webhooks_rotateSecret',
    ]);
  });

  it('is required where the document says so', async () => {
    for (const { method, path, operation } of operations.filter(({ operation }) => operation.requestBody?.required)) {
      const { status, body } = await api.send(method, path);
      expect([operation.operationId, status, body.message]).toEqual([
        operation.operationId,
        400,
        'Invalid value for: body (must be a JSON object, but is missing)',
      ]);
    }
  });

  it('that an operation does not take is ignored if it is JSON', async () => {
    const id = await api.createTag('no body');
    expect((await api.patch(`/v1/tags/${id}/deactivate`, { reason: 'x' })).status).toBe(204);
    expect((await api.patch(`/v1/tags/${id}/activate`, [1])).status).toBe(204);
    expect(
      (await send('PATCH', `/v1/tags/${id}/activate`, 'reason=x', 'application/x-www-form-urlencoded')).status,
    ).toBe(415);
    expect((await api.patch(`/v1/tags/${id}/activate`, '{')).status).toBe(400);
  });

  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    "application/json; charset='UTF8'",
    'application/json; charset=',
    'application/json; profile=x; charset=utf-8',
    'application/merge-patch+json',
    'application/vnd.api+json; charset=utf-8',
    'text/json',
  ])('is read as JSON in UTF-8 when it is %s', async (type) => {
    const { status, body } = await send('POST', '/v1/tags', '{"name":"Çağrı"}', type);
    expect([status, body.data?.name]).toEqual([200, 'Çağrı']);
  });

  it.each(['us-ascii', 'US-ASCII', 'ascii', 'iso-8859-1', 'ISO-8859-15', 'latin1', 'windows-1252'])(
    'in %s is read as long as it is ASCII, and never wrongly',
    async (charset) => {
      const headers = (body: Buffer) => ({
        'content-type': `application/json; charset=${charset}`,
        'content-length': String(body.length),
      });
      const ascii = Buffer.from('{"name":"plain"}');
      expect(tagOf(await raw('POST /v1/tags', headers(ascii), ascii))).toBe('plain');
      for (const encoding of ['latin1', 'utf8'] as const) {
        const body = Buffer.from('{"name":"Café"}', encoding);
        const answer = await raw('POST /v1/tags', headers(body), body);
        expect(answer).toMatch(/^HTTP\/1.1 415 /);
        expect(answer).toContain('Send the body in UTF-8');
      }
    },
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/+json',
    'application/x-ndjson',
    'image/svg+json',
    'json',
    'garbage; charset=utf-8',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'application/json; charset=x-unknown',
  ])('that says that it is %s is a 415', async (type) => {
    const body = '{"name":"x"}';
    const answer = await raw('POST /v1/tags', { 'content-type': type, 'content-length': String(body.length) }, body);
    expect(answer).toMatch(/^HTTP\/1.1 415 /);
  });

  it('that does not say what it is is a 415', async () => {
    expect(await raw('POST /v1/tags', { 'content-length': '12' }, '{"name":"x"}')).toMatch(/^HTTP\/1.1 415 /);
  });

  it('keeps no path from being unknown, whatever it is', async () => {
    expect((await send('POST', '/v1/nothing', 'a=b', 'application/x-www-form-urlencoded')).status).toBe(404);
    expect((await send('POST', '/v1/nothing', '{', 'application/json')).status).toBe(404);
    expect((await send('PUT', '/v1/tags', 'a', 'garbage')).status).toBe(405);
  });
});

describe('The items of a bulk request', () => {
  it('come as a bare array or as the data of an object, whichever the document shows', async () => {
    const { id } = await api.createAgent();
    const user = await api.create('/v1/endusers', { displayName: 'Alice' });
    const requests: [string, string, object][] = [
      ['PUT', '/v1/agents', { id, displayName: 'Bob' }],
      ['PATCH', '/v1/agents', { id, displayName: 'Carol' }],
      ['POST', '/v1/agents/bulk', { displayName: 'Dan', email: `${randomUUID()}@agents.example` }],
      ['PUT', '/v1/endusers', { id: user.id, displayName: 'Bob' }],
      ['PATCH', '/v1/endusers', { id: user.id, displayName: 'Carol' }],
      ['POST', '/v1/endusers/bulk', { displayName: 'Dan' }],
    ];
    for (const [method, path, item] of requests) {
      for (const body of [[item], { data: [item] }, { data: [item], more: true }]) {
        const { status, body: answer } = await api.send(method, path, body);
        expect([path, [200, 201].includes(status), answer.data.length]).toEqual([path, true, 1]);
      }
    }
  });

  it('may be none where the document shows a bare array', async () => {
    for (const method of ['PUT', 'PATCH']) {
      for (const body of [undefined, '', [], { data: [] }]) {
        expect(await api.send(method, '/v1/agents', body)).toMatchObject({ status: 200, body: { data: [] } });
      }
    }
  });

  it('may be a thousand, as full as they can be', async () => {
    const fill = (count: number, item: (index: number) => string) => Array.from({ length: count }, (_, i) => item(i));
    const data = Array.from({ length: 1_000 }, () => ({
      id: randomUUID(),
      displayName: 'x',
      firstName: 'x',
      lastName: 'x',
      externalId: 'x',
      email: 'a@x.io',
      middleNames: fill(10, () => 'x'),
      additionalEmails: fill(20, (i) => `${i}@x.io`),
      additionalPhoneNumbers: fill(20, (i) => `+45304050${i + 10}`),
      additionalExternalIds: fill(20, (i) => `${i}`),
    }));
    // Nobody has these ids, which is found out after each item was taken.
    const { status, body } = await api.patch('/v1/endusers', { data });
    expect(status).toBe(200);
    expect(new Set(body.data.map(({ error }: any) => error._type))).toEqual(new Set(['NotFound']));
  });
});

describe('A body that is too large in what it holds', () => {
  const fill = (before: string, item: string, after: string) =>
    before + item.repeat((1_000_000 / item.length) | 0) + after;
  const BODIES: [string, string, string][] = [
    ['brackets', fill('', '[', ''), 'nested deeper than 32 levels'],
    ['objects in objects', fill('', '{"a":', ''), 'nested deeper than 32 levels'],
    ['an array', fill('[', '1,', '1]'), 'an array with more than 2000 items'],
    ['items of a bulk request', fill('{"data":[', '1,', '1]}'), 'an array with more than 2000 items'],
    ['items that are empty', fill('{"data":[', '{},', '{}]}'), 'an array with more than 2000 items'],
    ['a field that nobody knows', fill('{"name":"x","x":[', '[],', '[]]}'), 'an array with more than 2000 items'],
    ['the same key', fill('{', '"a":1,', '"a":1}'), 'an object with more than 1000 keys'],
    ['arrays of arrays', fill('{"data":[', `[${'1,'.repeat(999)}1],`, '1]}'), 'more than 100000 values'],
    ['arrays of objects', fill('{"data":[', `[${'{},'.repeat(999)}1],`, '1]}'), 'more than 10000 arrays and objects'],
  ];

  // Validation would say something else: that a field is missing, or has too many items.
  it.each(BODIES)('is refused before it is validated: %s', async (_, body, fault) => {
    for (const [method, path] of [
      ['POST', '/v1/tags'],
      ['POST', '/v1/endusers/bulk'],
      ['PUT', '/v1/agents'],
      ['POST', '/v1/conversations'],
      ['PATCH', `/v1/tags/${randomUUID()}/activate`],
    ] as const) {
      const answer = await api.send(method, path, body);
      expect([path, answer.status, answer.body.message]).toEqual([path, 400, `Invalid value for: body (${fault})`]);
    }
  });

  it('is told of in few words, however much is wrong', async () => {
    const fields = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`${index}${'x'.repeat(900)}`, 1]));
    const { status, body } = await api.patch(`/v1/endusers/${randomUUID()}`, fields);
    expect(status).toBe(400);
    expect(body.faults).toHaveLength(20);
    expect(body.message).toMatch(/; and 880 more\)$/);
    expect(JSON.stringify(body).length).toBeLessThan(20_000);
    const long = await api.patch(`/v1/endusers/${randomUUID()}`, { ['k'.repeat(1_000_000)]: 1 });
    expect(long.body.faults).toEqual([
      { path: `${'k'.repeat(200)}…`, message: expect.stringMatching(/^is not a field of this request/) },
    ]);
  });
});

describe('Fields that an operation does not know', () => {
  const email = (message: object) => ({
    _type: 'Email',
    requesterId: randomUUID(),
    emailIntegrationId: 'a@b.example',
    subject: 'x',
    message: { _type: 'Inbound', content: { _type: 'Text', value: 'x' }, ...message },
  });

  it.each<[string, string, unknown, string, string]>([
    ['POST', '/v1/endusers', { display_name: 'x', emial: 'a@b.example' }, 'display_name', 'displayName'],
    ['POST', '/v1/endusers', { displayName: 'x', emial: 'a@b.example' }, 'emial', 'email'],
    ['POST', '/v1/endusers', { displayName: 'x', Email: 'a@b.example' }, 'Email', 'email'],
    ['POST', '/v1/endusers', { displayName: 'x', 'phone-number': '+4530405060' }, 'phone-number', 'phoneNumber'],
    ['POST', '/v1/agents', { displayName: 'x', email: 'a@b.example', fristName: 'x' }, 'fristName', 'firstName'],
    ['POST', '/v1/tags', { name: 'x', Name: 'y' }, 'Name', 'name'],
    ['POST', '/v1/tags', { nmae: 'x' }, 'nmae', 'name'],
    ['POST', '/v1/teams', { name: 'x', names: 'y' }, 'names', 'name'],
    ['POST', '/v1/tokens', { name: 'x', scopes: ['tags:read'], expires_at: null }, 'expires_at', 'expiresAt'],
    ['POST', '/v1/conversations', { ...email({}), langauge: 'en' }, 'langauge', 'language'],
    ['POST', '/v1/conversations', email({ attachment: [] }), 'message.attachment', 'attachments'],
    ['POST', '/v1/conversations', email({ external_id: 'x' }), 'message.external_id', 'externalId'],
    [
      'POST',
      '/v1/conversations',
      email({ attachments: [{ url: 'https://a.example/x' }, { url: 'https://a.example/x', pretty_name: 'x' }] }),
      'message.attachments[1].pretty_name',
      'prettyName',
    ],
    ['PUT', '/v1/conversations/999999/close', { userid: randomUUID() }, 'userid', 'userId'],
    ['PUT', '/v1/conversations/999999/claim', { agentId: randomUUID(), froce: true }, 'froce', 'force'],
    ['PATCH', `/v1/queues/${randomUUID()}/members`, { agentIds: [randomUUID()], agentId: '' }, 'agentId', 'agentIds'],
    ['PATCH', `/v1/endusers/${randomUUID()}`, { emial: 'a@b.example' }, 'emial', 'email'],
    ['PUT', `/v1/endusers/${randomUUID()}`, { displayName: 'x', first_name: 'x' }, 'first_name', 'firstName'],
  ])('are refused when they misspell one that it knows: %s %s %j', async (method, path, body, field, meant) => {
    const answer = await api.send(method, path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.faults).toContainEqual({
      path: field,
      message: `is not a field of this request; did you mean ${meant}?`,
    });
  });

  it.each<[string, string, unknown, string]>([
    ['POST', '/v1/endusers', { foo: 'x', bar: 1 }, 'foo'],
    ['POST', '/v1/endusers', { data: [{ displayName: 'x' }] }, 'data'],
    ['POST', '/v1/tags', { tag: { name: 'x' } }, 'tag'],
    ['PUT', '/v1/conversations/999999/close', { reason: 'x' }, 'reason'],
    ['POST', '/v1/conversations', email({ content: { text: 'x' } }), 'message.content.text'],
  ])('are refused when there are no others: %s %s %j', async (method, path, body, field) => {
    const answer = await api.send(method, path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.faults).toContainEqual({
      path: field,
      message: expect.stringMatching(/^is not a field of this request; the fields here are /),
    });
  });

  it('are refused in each item of a bulk request by itself', async () => {
    const data = [{ displayName: 'x', emial: 'a@b.example' }, { foo: 1 }, {}, { displayName: 'y', foo: 1 }];
    const { body } = await api.post('/v1/endusers/bulk', { data });
    expect(body.data.map(({ _type }: { _type: string }) => _type)).toEqual([
      'BulkActionFailure',
      'BulkActionFailure',
      'BulkActionSuccess',
      'BulkActionSuccess',
    ]);
    expect(body.data[0].error.message).toContain('emial is not a field of this request; did you mean email?');
  });

  it('are ignored otherwise, with whatever they hold', async () => {
    const more = { id: randomUUID(), createdAt: 'x', customAttributes: [{ email: 1 }], nickname: null, toString: 1 };
    const { status, body } = await api.post('/v1/endusers', { displayName: 'x', ...more });
    expect(status).toBe(201);
    expect(Object.keys(body.data).sort()).toEqual([
      ...['additionalEmails', 'additionalExternalIds', 'additionalPhoneNumbers', 'createdAt', 'customAttributes'],
      ...['displayName', 'id', 'middleNames', 'updatedAt'],
    ]);
    expect(body.data.id).not.toBe(more.id);
    expect((await api.post('/v1/endusers', {})).status).toBe(201);
    expect((await api.post('/v1/endusers', { displayName: null, foo: 1 })).status).toBe(201);
  });
});

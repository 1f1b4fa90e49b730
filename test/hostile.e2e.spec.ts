import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type ApiClient } from './support/api-client.js';
import { head, sendRaw } from './support/raw-http.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp({
    env: { HTTP_HEADERS_TIMEOUT_SECONDS: '0.5', HTTP_REQUEST_TIMEOUT_SECONDS: '1.5', HTTP_IDLE_TIMEOUT_SECONDS: '0.5' },
  });
  api = await app.createTestOrganization();
});
afterAll(() => app.close());

const raw = (request: string, headers: Record<string, string> = {}, body: string | Buffer = '') =>
  sendRaw(
    app.url,
    Buffer.concat([
      Buffer.from(head(request, { authorization: `Bearer ${api.token}`, ...headers }), 'latin1'),
      Buffer.from(body),
    ]),
  );

/** Creates a tag by a body that is sent byte by byte as given. */
const rawTag = (body: string | Buffer, headers: Record<string, string> = {}) =>
  raw(
    'POST /v1/tags',
    { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...headers },
    body,
  );

/** What every error looks like, whoever refuses. */
function bodyOf(answer: string) {
  const body = JSON.parse(answer.split('\r\n\r\n', 2)[1] as string);
  expect(body).toEqual({ message: expect.any(String), code: expect.any(String), requestId: expect.any(String) });
  return body;
}

describe('A request', () => {
  it.each([
    ['headers', 'GET /v1/tags', { 'x-filler': 'x'.repeat(17_000) }],
    ['cookies', 'GET /v1/tags', { cookie: `a=${'x'.repeat(17_000)}` }],
    ['a request line', `GET /v1/tags?x=${'x'.repeat(17_000)}`, {}],
  ])('with %s over 16 KB is a 431', async (_, request, headers) => {
    const answer = await raw(request, headers);
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
    expect(bodyOf(answer).message).toContain('16 KB');
  });

  it.each(['/v1/tags?x=', '/v1/tags/', '/v1/nothing/'])('to %s… of over 8 KB is a 414', async (path) => {
    const answer = await api.get(path + 'x'.repeat(8 * 1024));
    expect(answer.status).toBe(414);
    expect(answer.body.code).toBe('uri-too-long');
    expect(answer.body.message).toBe('The URL is longer than 8192 characters');
  });

  it('with a path parameter that is too long for what it is is a 400', async () => {
    const subscription = await api.subscribe('http://127.0.0.1:9/hook', ['TagCreated']);
    for (const path of [
      `/v1/tags/${'0'.repeat(8_000)}`,
      `/v1/conversations/${'9'.repeat(8_000)}`,
      `/v1/webhooks/${subscription.id}/delivery-status/logs/${'x'.repeat(256)}`,
    ]) {
      expect((await api.get(path)).status).toBe(400);
    }
  });

  it.each([
    [
      'a NUL character in its path',
      '/v1/webhooks/01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a/delivery-status/logs/a%00b',
      'event',
    ],
    ['a NUL character in its query', '/v1/tags?includeDeactivated=%00', 'includeDeactivated'],
    ['a NUL character in a parameter that nobody knows', '/v1/tags?unknown=a%00', 'unknown'],
    ['a malformed sequence in its query', '/v1/tags?includeDeactivated=%zz', 'includeDeactivated'],
    ['half a character in its query', '/v1/tags?x=%ed%a0%80', 'x'],
    ['bytes that are no UTF-8 in its query', '/v1/endusers?email=%ff', 'email'],
    ['a parameter sent twice', '/v1/endusers?pageLimit=1&pageLimit=2', 'pageLimit'],
    ['a text parameter sent twice', '/v1/endusers?email=a@b.example&email=c@d.example', 'email'],
    ['a flag sent twice', '/v1/tags?includeDeactivated=true&includeDeactivated=false', 'includeDeactivated'],
    ['a NUL character in the name of a parameter', '/v1/tags?a%00b=1', 'a%00b'],
    ['a malformed sequence after a second equals sign', '/v1/tags?unknown=a=%ff', 'unknown'],
    ['a page of nothing', '/v1/endusers?pageLimit=0', 'pageLimit'],
    ['a page that is too large', '/v1/endusers?pageLimit=201', 'pageLimit'],
    ['a page of a size beyond int64', `/v1/endusers?pageLimit=${'9'.repeat(30)}`, 'pageLimit'],
    ['a page of an exotic size', '/v1/endusers?pageLimit=1e1', 'pageLimit'],
  ])('with %s is a 400 that names it', async (_, path, name) => {
    const answer = await api.get(path);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toMatch(new RegExp(`(query|path) parameter ${name}\\b`));
  });

  it('with parameters of the names of an object’s own is served', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__[x]', 'a[]', 'prototype'];
    const query = names.map((name) => `${name}=x&${name}=y`).join('&');
    const { status, body } = await api.get(`/v1/tags?${query}`);
    expect({ status, ignored: body.meta.ignored.toSorted() }).toEqual({ status: 200, ignored: names.toSorted() });
    expect((await api.get(`/v1/endusers?${query}&pageLimit=1`)).status).toBe(200);
    expect((await api.get(`/v1/events?${query}`)).status).toBe(200);
  });

  it.each(['a\\u0000b', '\\ud800', 'x\\udc00\\ud800'])('with the text "%s" in its body is a 400', async (text) => {
    const answer = await api.post('/v1/tags', `{"name":"${text}"}`);
    expect(answer.status).toBe(400);
    expect(answer.body.faults).toEqual([
      { path: 'name', message: 'must not contain NUL characters or lone surrogates' },
    ]);
  });

  it.each(['{"__proto__":{}}', '{"a":[{"__proto__":1}]}', '{"\\u005f_proto__":1}', '{"constructor":{"prototype":{}}}'])(
    'with the body %s, made to change what all objects are, is a 400',
    async (body) => {
      expect((await api.post('/v1/tags', body)).status).toBe(400);
      expect((await api.put(`/v1/endusers/${randomUUID()}`, body)).status).toBe(400);
    },
  );

  it('with an object of over 1,000 keys is a 400', async () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
    const answer = await api.post('/v1/tags', { name: 'keys', x: keys(1_001) });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('1000 keys');
    expect((await api.post('/v1/tags', { name: 'keys', x: keys(1_000) })).status).toBe(200);
  });

  it.each(['1e400', '-1e400', '2147483648', '9223372036854775808', '9007199254740993', '1.5', '1e-400x', '"1"', '-1'])(
    'with the number %s where a small whole one belongs is a 400',
    async (number) => {
      const body = `{"name":"n","url":"https://a.example","events":[],"authorization":{"_type":"NoAuth"},"maxPerSecond":${number}}`;
      expect((await api.post('/v1/webhooks', body)).status).toBe(400);
    },
  );

  it.each([
    '2026-02-30T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '10000-01-01T00:00:00Z',
    '2026-01-01',
    '9999-12-31T23:59:59-01:00',
  ])('with the instant %s is a 400', async (since) => {
    const { id } = await api.subscribe('http://127.0.0.1:9/hook', ['TagCreated']);
    expect((await api.post(`/v1/webhooks/${id}/recover`, { since })).status).toBe(400);
  });

  it('with a body that is not UTF-8 is a 400', async () => {
    const answer = await rawTag(
      Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(bodyOf(answer).message).toContain('not UTF-8');
  });

  it.each<Record<string, string>>([
    { 'content-type': 'application/json;charset="utf-16"' },
    { 'content-encoding': 'gzip' },
  ])('with a body in %j is a 415', async (headers) => {
    expect(await rawTag('{"name":"x"}', headers)).toMatch(/^HTTP\/1.1 415 /);
  });

  it.each([
    ['two lengths', 'content-length: 5\r\ncontent-length: 6'],
    ['a length and in chunks', 'content-length: 5\r\ntransfer-encoding: chunked'],
    ['a negative length', 'content-length: -1'],
  ])('with a body of %s is a 400, whatever a proxy may take it for', async (_, headers) => {
    const answer = await sendRaw(app.url, `POST /v1/tags HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  it('without a host is a 400', async () => {
    expect(await sendRaw(app.url, 'GET /health HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('whose headers do not come to an end is a 408', async () => {
    const answer = await sendRaw(app.url, 'GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow:');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(bodyOf(answer).message).toContain('in time');
  });

  it('whose body does not come to an end is a 408', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': '100' };
    expect(await raw('POST /v1/tags', headers, '{"name":')).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('A connection', () => {
  it('on which nothing is asked any more is closed', async () => {
    const answer = await sendRaw(app.url, 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });

  it('beyond the most that there may be is closed at once, and those that are open go on', async () => {
    const small = await startTestApp({ env: { HTTP_MAX_CONNECTIONS: '1' }, beside: app });
    const { hostname, port } = new URL(small.url);
    const first = connect(Number(port), hostname);
    await once(first, 'connect');
    expect(await sendRaw(small.url, head('GET /health', {}))).toBe('');
    first.write(head('GET /health', {}));
    const [answer] = (await once(first, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
    first.destroy();
    await small.close();
  });
});

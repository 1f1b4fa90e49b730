import { type ApiClient } from './support/api-client.js';
import { sendRaw } from './support/raw-http.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp({ env: { CORS_ORIGINS: '*' } });
  api = await app.createTestOrganization();
  for (let number = 1; number <= 2; number++) await api.create('/v1/endusers', {});
});
afterAll(() => app.close());

const PAGE = '/v1/endusers?pageLimit=1';

/** The answer to a request with these lines as its head. */
async function answerTo(target: string, lines: string[], { version = '1.1', of = app } = {}) {
  const head = [`GET ${target} HTTP/${version}`, ...lines, `authorization: ${api.token}`, 'connection: close'];
  // As bytes, for not all hosts are ASCII.
  const answer = await sendRaw(of.url, Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
  const text = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  return { status: Number(status), body: text.startsWith('{') ? JSON.parse(text) : text };
}

const originOf = (answer: { body: any }) => new URL(answer.body.meta.next as string).origin;

describe('The host of a request', () => {
  it.each([
    ['api.acme.example:8080', 'http://api.acme.example:8080'],
    ['API.acme.example.', 'http://api.acme.example.'],
    ['my_service:3000', 'http://my_service:3000'],
    ['127.0.0.1', 'http://127.0.0.1'],
    ['[::1]:3000', 'http://[::1]:3000'],
    ['localhost:', 'http://localhost'],
  ])('is where links lead: %s', async (host, origin) => {
    expect(originOf(await answerTo(PAGE, [`host: ${host}`]))).toBe(origin);
  });

  const paths = [PAGE, '/v1/tags', '/health', '/docs', '/console', '/openapi.json', '/v1/nothing', '/'];
  it.each([
    [['host: a.example', 'host: b.example'], 'header Host (must be sent once)'],
    [['host: a.example', 'Host: a.example'], 'header Host (must be sent once)'],
    [[], 'header Host (is missing)'],
    ...[
      ...[
        '',
        ' ',
        'a@b',
        'user:password@b',
        'a/b',
        'a b',
        'a?b',
        'a#b',
        'a,b',
        'a\\b',
        'a%40b',
        'http://a',
        '[',
        '[::1',
      ],
      ...[
        '[::g]',
        '[fe80::1%25eth0]',
        '::1',
        'x:y',
        'a:65536',
        'a:1:2',
        ':80',
        '999.999.999.999',
        'm\xfcller.de',
        '<a>',
      ],
    ].map((host): [string[], string] => [
      [`host: ${host}`],
      'header Host (must be a host name or address, with or without a port)',
    ]),
  ])('must be one, whatever is asked for: %j', async (lines, fault) => {
    for (const path of paths) {
      const { status, body } = await answerTo(path, lines);
      expect({ path, status, body }).toEqual({
        path,
        status: 400,
        body: { message: `Invalid value for: ${fault}`, code: 'invalid', requestId: expect.any(String) },
      });
    }
  });

  it('may be missing in HTTP/1.0, but not be there twice; links need it', async () => {
    expect((await answerTo('/health', [], { version: '1.0' })).status).toBe(200);
    expect((await answerTo('/health', ['host: a', 'host: a'], { version: '1.0' })).status).toBe(400);
    expect((await answerTo(PAGE, [], { version: '1.0' })).body.message).toContain('header Host');
    expect((await answerTo('/v1/endusers', [], { version: '1.0' })).status).toBe(200);
  });

  it('is checked before a preflight request is answered', async () => {
    const lines = ['origin: https://app.example', 'access-control-request-method: GET', 'connection: close'];
    const preflight = (host: string) =>
      sendRaw(app.url, [`OPTIONS /v1/tags HTTP/1.1`, `host: ${host}`, ...lines, '', ''].join('\r\n'));
    expect(await preflight('a.example')).toMatch(/^HTTP\/1\.1 204 /);
    expect(await preflight('a@b')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('is that of the target where the request names its URL in full', async () => {
    for (const scheme of ['http', 'HTTP', 'https']) {
      const answer = await answerTo(`${scheme}://target.example:81${PAGE}`, ['host: header.example']);
      expect({ scheme, origin: originOf(answer) }).toEqual({ scheme, origin: 'http://target.example:81' });
      const key = new URL(answer.body.meta.next as string).searchParams.get('pageKey') as string;
      expect((await api.get(`/v1/endusers?pageKey=${key}`)).body.data).toHaveLength(1);
    }
  });

  it('of the target must be one as well, and the header still be there once', async () => {
    for (const target of ['http://a@b', 'http://u:p@b.example', 'http://', 'http://a:x', 'http://[', 'http://a%40b']) {
      const { status, body } = await answerTo(`${target}/health`, ['host: header.example']);
      expect({ target, status }).toEqual({ target, status: 400 });
      expect(body.code).toBe('invalid');
    }
    expect((await answerTo('http://target.example/health', [])).status).toBe(400);
    expect((await answerTo('http://target.example/health', ['host: a@b'])).status).toBe(400);
    expect((await answerTo('http://target.example/health', ['host: a', 'host: b'])).status).toBe(400);
  });

  it('of the target leaves the rest of it as it would be without', async () => {
    const lines = ['host: header.example'];
    expect((await answerTo('http://target.example/v1/nothing', lines)).body.message).toContain('/v1/nothing');
    expect((await answerTo('http://target.example', lines)).status).toBe(404);
    expect((await answerTo('http://target.example?x=1', lines)).status).toBe(404);
    const { status, body } = await answerTo('http://target.example/v1/endusers/bulk', lines);
    expect({ status, message: body.message }).toEqual({ status: 405, message: 'GET is not possible here, only POST' });
  });
});

describe('The host that a trusted proxy tells', () => {
  let behind: TestApp;
  beforeAll(async () => {
    behind = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1' }, beside: app });
  });
  afterAll(() => behind.close());

  const forwarded = (...lines: string[]) => answerTo(PAGE, ['host: inner', ...lines], { of: behind });

  it('is where links lead, and must be one', async () => {
    const answer = await forwarded('x-forwarded-host: api.acme.example', 'x-forwarded-proto: https');
    expect(originOf(answer)).toBe('https://api.acme.example');
    expect((await forwarded('x-forwarded-host: a@b')).body.message).toContain('header X-Forwarded-Host');
    expect((await forwarded('x-forwarded-proto: ftp')).body.message).toContain('header X-Forwarded-Proto');
  });
});

import { ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const ORIGIN = 'https://app.example';

let app: TestApp;
let open: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
  open = await startTestApp({ env: { CORS_ORIGINS: `${ORIGIN}, http://localhost:5173` }, beside: app });
  api = await app.createTestOrganization();
});
afterAll(async () => {
  await open.close();
  await app.close();
});

const preflight = (to: TestApp, origin: string) =>
  new ApiClient(to.url, '').send('OPTIONS', '/v1/tags', undefined, {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,idempotency-key',
  });

describe('An answer', () => {
  it.each(['/v1/tags', '/v1/nothing', '/v1/tags/%zz', '/v1/%', '/health', '/openapi.json'])(
    'of %s lets browsers do nothing with it but show it by itself',
    async (path) => {
      const { headers } = await api.get(path);
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('cache-control')).toMatch(/^no-store$|^private, no-cache$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('that is a page tells nobody where its reader came from, and takes scripts of its own origin alone', async () => {
    const { headers } = await api.get('/docs');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';script-src 'self';/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([undefined, 'not modified'])(
    'of the console lets it run scripts of its own files alone (%s)',
    async (again) => {
      const first = await api.get('/console');
      // As browsers ask: without this header, fetch would ask for the file anew.
      const condition: Record<string, string> = again
        ? { 'if-none-match': first.headers.get('etag') ?? '', 'cache-control': 'max-age=0' }
        : {};
      const { status, headers } = await api.send('GET', '/console', undefined, condition);
      expect(status).toBe(again ? 304 : 200);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';base-uri 'none';" +
          "form-action 'none';frame-ancestors 'none';require-trusted-types-for 'script';trusted-types 'none'",
      );
      expect(headers.get('cache-control')).toBe('private, no-cache');
    },
  );

  it('of the console is there for its files alone, and for reading', async () => {
    expect((await api.get('/console/views/health.js')).headers.get('content-type')).toMatch(/javascript/);
    expect((await api.get('/console/nothing')).body.message).toBe('There is no /console/nothing; see /docs');
    expect((await api.post('/console', {})).status).toBe(405);
  });

  it('without an ETag is kept by nobody', async () => {
    expect((await api.get('/v1/tags')).headers.get('cache-control')).toBe('no-store');
    expect((await api.get('/v1/nothing')).headers.get('cache-control')).toBe('no-store');
  });

  it('is for no other origin unless some are allowed', async () => {
    const answer = await api.send('GET', '/v1/tags', undefined, { origin: ORIGIN });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect((await preflight(app, ORIGIN)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is for the origins that are allowed, and shows them the headers that say how to go on', async () => {
    const client = new ApiClient(open.url, api.token);
    const { headers, status } = await client.send('GET', '/v1/tags', undefined, { origin: ORIGIN });
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('access-control-expose-headers')?.split(', ')).toEqual(
      expect.arrayContaining(['ETag', 'Retry-After', 'RateLimit', 'X-Request-Id', 'Link']),
    );
    const stranger = await client.send('GET', '/v1/tags', undefined, { origin: 'https://app.example.evil.example' });
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('to a preflight request says what may be sent, without a token', async () => {
    const { status, headers } = await preflight(open, ORIGIN);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(headers.get('access-control-allow-headers')).toMatch(/Authorization, Content-Type, Idempotency-Key/);
    expect((await preflight(open, 'https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('to a path or method that does not exist is the same where origins are allowed', async () => {
    const client = new ApiClient(open.url, api.token);
    expect((await client.get('/v1/nothing')).status).toBe(404);
    expect((await client.put('/v1/tags', {})).headers.get('allow')).toBe('GET, HEAD, POST');
  });
});

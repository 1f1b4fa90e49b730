import { nameOrigins } from '#libs/http/origin.js';
import { ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';
import fastifyOf from 'fastify';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('The origin of a link', () => {
  it('is the public one, if it is configured', async () => {
    const behind = await startTestApp({ env: { PUBLIC_URL: 'https://support.example' }, beside: app });
    try {
      const { token } = await behind.createTestOrganization();
      const api = new ApiClient(behind.url, token);
      for (const name of ['One', 'Two']) await api.post('/v1/endusers', { displayName: name });
      const { body } = await api.get('/v1/endusers?pageLimit=1');
      expect(body.meta.next).toMatch(/^https:\/\/support\.example\/v1\/endusers\?pageKey=/);
    } finally {
      await behind.close();
    }
  });

  it('is warned about once, when a proxy speaks TLS and is not trusted', async () => {
    const warnings: string[] = [];
    const trusting = async (given: { publicUrl?: string; trustedProxies?: string[] }) => {
      const fastify = fastifyOf();
      nameOrigins(fastify, { trustedProxies: [], ...given, warn: (message) => warnings.push(message) });
      fastify.get('/', () => 'ok');
      for (const proto of ['http', 'https', 'https']) {
        await fastify.inject({ url: '/', headers: { 'x-forwarded-proto': proto } });
      }
    };
    await trusting({ publicUrl: 'https://support.example' });
    await trusting({ trustedProxies: ['127.0.0.1'] });
    expect(warnings).toEqual([]);
    await trusting({});
    expect(warnings).toEqual([expect.stringContaining('Set PUBLIC_URL, or TRUSTED_PROXIES')]);
  });
});

describe('The root of the server', () => {
  it('leads people to Swagger UI, and tells programs that nothing is there', async () => {
    const ask = (accept: string) => fetch(app.url, { headers: { accept }, redirect: 'manual' });
    const page = await ask('text/html,application/xhtml+xml');
    expect([page.status, page.headers.get('location')]).toEqual([302, '/docs']);
    expect((await ask('application/json')).status).toBe(404);
  });
});

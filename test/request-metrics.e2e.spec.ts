import { register } from 'prom-client';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let client: ApiClient;
beforeAll(async () => {
  app = await startTestApp({ env: { METRICS_PORT: '0', RATE_LIMIT_PER_SECOND: '10', RATE_LIMIT_BURST: '20' } });
  client = await app.createTestOrganization();
  register.resetMetrics();
});
afterAll(() => app.close());

/** Returns how many requests were counted, by method, route and status. */
async function counted(): Promise<Record<string, number>> {
  const text = await register.getSingleMetricAsString('deskstream_http_request_duration_seconds');
  const samples = text.matchAll(/_count\{method="(.+)",route="(.+)",status="(\d+)"\} (\d+)/g);
  return Object.fromEntries(
    [...samples].map(([, method, route, status, count]) => [`${method} ${route} ${status}`, Number(count)]),
  );
}

describe('The figures of requests', () => {
  it('tell them apart by the pattern of their route, never by what a client sends', async () => {
    const secret = '0b2ae1d5-5b0f-4f6e-9f39-7f6a0c3d1e55';
    for (const path of [`/v1/tags/${secret}`, `/v1/tags/${secret}?x=${secret}`, `/${secret}`, '/v1/tags/%FF']) {
      await client.get(path);
    }
    await client.post('/v1/tags', { name: 'a' });
    await fetch(`${app.url}/v1/tags`, { method: 'PUT' });
    await fetch(`${app.url}/${secret}`, { method: 'OPTIONS' });
    expect(await counted()).toEqual({
      'GET /v1/tags/:tagId 404': 2,
      'GET none 404': 1,
      'POST /v1/tags 200': 1,
      'PUT none 405': 1,
      'OPTIONS none 404': 1,
    });
  });

  it('count requests beyond a rate limit, by the limit', async () => {
    const other = await app.createTestOrganization();
    await Promise.all(Array.from({ length: 30 }, () => other.get('/v1/tags')));
    const text = await register.getSingleMetricAsString('deskstream_http_rate_limited_requests_total');
    expect(Number(/\{limit="token"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
    const refused = Object.entries(await counted()).filter(([name]) => name.endsWith(' 429'));
    expect(text).toContain(`{limit="token"} ${refused[0]?.[1]}`);
  });
});

describe('Without METRICS_PORT', () => {
  it('requests are not counted', async () => {
    register.resetMetrics();
    const silent = await startTestApp({ beside: app });
    await fetch(`${silent.url}/health`);
    expect(await counted()).toEqual({});
    await silent.close();
  });
});

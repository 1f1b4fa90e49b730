import { keepLines } from '#libs/testing/log-lines.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let client: ApiClient;
afterEach(() => app.close());

async function start(env: NodeJS.ProcessEnv): Promise<Record<string, any>[]> {
  app = await startTestApp({ env });
  client = await app.createTestOrganization();
  return keepLines(app.runtime.logger);
}

const of = (lines: Record<string, any>[], msg: string) => lines.filter((line) => line.msg === msg);

describe('The log', () => {
  it('has a line for each request at debug, without what the client sent', async () => {
    const lines = await start({ LOG_LEVEL: 'debug' });
    const { headers } = await client.get('/v1/tags/7a1b2c3d-0000-4000-8000-000000000001?secret=value');
    await client.get('/nowhere');
    expect(of(await linesOf(lines, 2), 'Request')).toEqual([
      {
        level: 'debug',
        time: expect.any(String),
        role: 'api',
        host: expect.any(String),
        pid: process.pid,
        method: 'GET',
        route: '/v1/tags/:tagId',
        status: 404,
        durationMs: expect.any(Number),
        organizationId: client.organizationId,
        requestId: headers.get('x-request-id'),
        msg: 'Request',
      },
      expect.objectContaining({ route: 'none', status: 404 }),
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/secret|value|7a1b2c3d|nowhere/);
  });

  it('has a line for slow requests alone at info, but not for those that wait for events', async () => {
    const lines = await start({ LOG_LEVEL: 'info', LOG_SLOW_MS: '0' });
    await client.get('/v1/events');
    await client.get('/v1/tags');
    expect(await linesOf(lines, 1)).toEqual([
      expect.objectContaining({ level: 'warn', msg: 'Slow request', route: '/v1/tags', status: 200 }),
    ]);
  });

  it('has no line for other requests at info', async () => {
    const lines = await start({ LOG_LEVEL: 'info', LOG_SLOW_MS: '3600000' });
    await client.get('/v1/tags');
    await client.get('/v1/tags');
    app.runtime.logger.info('the end');
    expect(lines.map(({ msg }) => msg as string)).toEqual(['the end']);
  });
});

/** A line is written after its answer has been sent. */
async function linesOf(lines: Record<string, any>[], count: number): Promise<Record<string, any>[]> {
  await waitFor('the lines', () => lines.length >= count);
  return lines;
}

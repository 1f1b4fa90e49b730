import { RESOURCES } from '#libs/resources/resources.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('An API token with scopes', () => {
  it('may do what they name, and is told which one it lacks', async () => {
    const admin = await app.createTestOrganization();
    const reader = await app.clientWith(['tags:read'], admin);
    const writer = await app.clientWith(['tags:write'], admin);
    expect((await reader.get('/v1/tags')).status).toBe(200);
    expect(await reader.post('/v1/tags', { name: 'VIP' })).toMatchObject({
      status: 403,
      body: { message: 'The API token lacks the scope tags:write', code: 'forbidden' },
    });
    expect((await writer.post('/v1/tags', { name: 'VIP' })).status).toBe(200);
    expect((await writer.get('/v1/tags')).body.data).toHaveLength(1);
    expect((await writer.get('/v1/teams')).body.message).toBe('The API token lacks the scope teams:read');
    expect((await admin.get('/v1/teams')).status).toBe(200);
  });

  it('that has none may do nothing', async () => {
    const none = await app.clientWith([], await app.createTestOrganization());
    expect((await none.get('/v1/tags')).status).toBe(403);
    expect((await none.get('/v1/organization')).status).toBe(403);
  });

  it('is limited by the resource that an operation’s path begins with or searches', async () => {
    const { paths } = (
      await app.clientWith([], await app.createTestOrganization()).then((none) => none.get('/openapi.json'))
    ).body as { paths: object };
    const resources = new Set(
      Object.keys(paths).flatMap((path) => /^\/v1\/(?:search\/)?([^/]+)/.exec(path)?.slice(1) ?? []),
    );
    expect([...resources].sort()).toEqual(RESOURCES.map(({ path }) => path).sort());
  });
});

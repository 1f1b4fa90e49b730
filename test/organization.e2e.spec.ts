import { ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

describe('The organization', () => {
  it('is the one of the token', async () => {
    for (const api of [await app.createTestOrganization(), await app.createTestOrganization()]) {
      const answer = await api.get('/v1/organization');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        data: { id: api.organizationId, name: 'Test', subdomain: 'test', status: 'Active' },
      });
    }
  });

  it('is not told without a token', async () => {
    expect((await new ApiClient(app.url, '').get('/v1/organization')).status).toBe(401);
  });
});

import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const lagOf = async (api: ApiClient) => (await api.get('/v1/webhooks/relay-lag')).body.data;

describe('The lag of the relay', () => {
  it("is that of the organization's own events while no worker runs, and none once one does", async () => {
    const [api, other] = [await app.createTestOrganization(), await app.createTestOrganization()];
    await api.createTag('VIP');
    const { data: events } = (await api.get('/v1/events')).body;
    expect(await lagOf(api)).toEqual({ events: 3, oldestRecordedAt: events[0].recordedAt });
    expect((await lagOf(other)).events).toBe(2);
    const worker = await startTestApp({ worker: true, beside: app });
    await waitFor('the relay', async () => (await lagOf(api)).events === 0);
    expect(await lagOf(api)).toEqual({ events: 0 });
    await worker.close();
  });
});

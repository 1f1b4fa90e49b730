import { type DomainEvent } from '#libs/event-store/event.js';
import { rebuildProjection } from '#libs/event-store/rebuild.js';
import { type Projection } from '#libs/event-store/stream-definition.js';
import { STREAMS } from '#apps/streams.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  for (const api of [await app.createTestOrganization(), await app.createTestOrganization()]) {
    const additional = { additionalEmails: ['a@x.example', 'b@x.example'], additionalPhoneNumbers: ['+4570123457'] };
    const agents = [await api.createAgent(additional), await api.createAgent(additional), await api.createAgent()];
    const changes = { phoneNumber: '+4570123456', additionalEmails: ['c@x.example'], middleNames: ['M'] };
    await api.patch(`/v1/agents/${agents[0]?.id}`, changes);
    await api.put(`/v1/agents/${agents[0]?.id}/presence`, { connectionStatus: 'Online', activeChannels: ['Email'] });
    await api.put(`/v1/agents/${agents[0]?.id}/presence`, { connectionStatus: 'Online', presenceStatus: 'Away' });
    await api.put(`/v1/agents/${agents[1]?.id}/presence/working-channel`, { channel: 'Speak', working: true });
    for (const name of ['Billing', 'Support', 'Gone']) {
      const team = await api.createTeam(name);
      const agentIds = agents.map(({ id }) => id);
      await api.patch(`/v1/teams/${team}/agents`, { agentIds });
      await api.delete(`/v1/teams/${team}/agents`, { agentIds: agentIds.slice(0, 1) });
      if (name === 'Gone') await api.delete(`/v1/teams/${team}`);
    }
    await api.delete(`/v1/agents/${agents[2]?.id}`);
    const ids = await Promise.all(['VIP', 'Refund', 'Füße'].map((name) => api.createTag(name)));
    await api.patch(`/v1/tags/${ids[0]}/deactivate`);
    await api.patch(`/v1/tags/${ids[1]}/deactivate`);
    await api.patch(`/v1/tags/${ids[1]}/activate`);
    const { id } = await api.subscribe('http://127.0.0.1:9/', ['TagCreated'], { customHeaders: { 'X-A': '1' } });
    await api.patch(`/v1/webhooks/${id}`, { name: 'new', authorization: { _type: 'TokenAuth', value: 'x' } });
    await api.delete(`/v1/webhooks/${(await api.subscribe('http://127.0.0.1:9/', [])).id}`);
  }
});
afterAll(() => app.close());

const cases = STREAMS.flatMap((stream) =>
  stream.projections.map((projection) => ({ stream, projection: projection as Projection<DomainEvent> })),
);

describe('A read table that was truncated and rebuilt from the events', () => {
  it.each(cases)('equals the old one row by row: $projection.table', async ({ stream, projection }) => {
    const rows = () => app.database.sql(`SELECT t.* FROM ${projection.table} t ORDER BY t::text`);
    const before = await rows();
    expect(before.length).toBeGreaterThan(1);
    await app.database.sql(`TRUNCATE ${projection.table}`);
    await rebuildProjection(app.database.ownerUrl, app.runtime.codec, stream, projection);
    expect(await rows()).toEqual(before);
  });

  it('serves on', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createTag('after');
    expect((await api.get(`/v1/tags/${id}`)).status).toBe(200);
    expect((await api.post('/v1/tags', { name: 'AFTER' })).body.data.id).toBe(id);
    await api.subscribe('http://127.0.0.1:9/', []);
    expect((await api.get('/v1/webhooks')).body.data).toHaveLength(1);
  });
});

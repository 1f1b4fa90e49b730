import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { READ_TABLES } from '#libs/resources/resources.js';
import { recoveryStream } from '#libs/webhooks/recovery/recovery.stream.js';
import { subscriptionStream } from '#libs/webhooks/subscriptions/subscription.stream.js';
import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { tableRows } from './support/table-rows.js';
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
    const attribute = { entityType: 'Contact', label: 'x', inputDefinition: { _type: 'Text', placeholder: 'y' } };
    for (const identifier of ['plan', 'tier']) {
      const { body } = await api.post('/v1/custom-attributes', { ...attribute, identifier, description: 'z' });
      const inputDefinition = { _type: 'Text' };
      await api.patch(`/v1/custom-attributes/${body.data.id}`, {
        description: null,
        isRequired: true,
        inputDefinition,
      });
      if (identifier === 'tier') await api.patch(`/v1/custom-attributes/${body.data.id}/archive`);
    }
    const queueIds = [await api.createQueue({ isDefault: true }), await api.createQueue({ priority: 1 })];
    await api.patch(`/v1/queues/${queueIds[1]}`, { isDefault: true, name: 'Sales', priority: null, offerTimeout: 5 });
    const agentIds = await Promise.all([1, 2, 3].map(async () => (await api.createAgent()).id));
    await api.patch(`/v1/queues/${queueIds[0]}/members`, { agentIds });
    await api.delete(`/v1/queues/${queueIds[0]}/members`, { agentIds: agentIds.slice(2) });
    const goneId = await api.createQueue();
    await api.patch(`/v1/queues/${goneId}/members`, { agentIds });
    await api.delete(`/v1/queues/${goneId}`);
    const attributes = await api.get('/v1/custom-attributes');
    const [addresses, values] = [{ email: 'a@x.example', externalId: 'x' }, { [attributes.body.data[0].id]: 'v' }];
    for (const moved of [addresses, {}]) {
      const user = await api.create('/v1/endusers', { displayName: 'x', phoneNumber: '+4520304050', ...addresses });
      await api.patch(`/v1/endusers/${user.id}/custom-attributes`, values);
      await api.patch(`/v1/endusers/${user.id}`, { email: 'b@x.example', additionalEmails: ['a@x.example'] });
      await api.patch(`/v1/endusers/${user.id}`, { email: null, additionalEmails: [], externalId: null, ...moved });
      if (moved === addresses) await forget(api, user.id);
    }
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => api.create('/v1/endusers', { displayName: name, email: `${name}@x.example` })),
    );
    await api.patch(`/v1/endusers/${one.id}/custom-attributes`, values);
    await api.create('/v1/conversations', emailFrom(one.id));
    await api.post(`/v1/endusers/${one.id}/merge`, { intoId: two.id });
    const team = await createSupportTeam(api);
    const conversations: number[] = [];
    for (const subject of ['one', 'two', 'three']) {
      conversations.push((await api.create('/v1/conversations', emailFrom(team.userId, { subject }))).id);
    }
    const path = `/v1/conversations/${conversations[0]}`;
    await api.put(`${path}/tags/${team.tagId}`);
    await api.put(`${path}/tags/${ids[2]}`);
    await api.delete(`${path}/tags/${ids[2]}`);
    await api.put(`${path}/link`, { parentId: conversations[1], linkType: 'Related' });
    await api.put(`${path}/claim`, { agentId: team.agentId });
    await api.put(`${path}/transfer/queue`, { queueId: team.otherQueueId });
    await api.put(`${path}/followup`, { timestamp: '2099-01-01T00:00:00Z' });
    await api.patch(`/v1/conversations/${conversations[1]}/anonymize?force=true`);
    await api.patch(`/v1/conversations/${conversations[2]}/anonymize?force=true`);
    const { id } = await api.subscribe('http://127.0.0.1:9/', ['TagCreated'], { customHeaders: { 'X-A': '1' } });
    await api.patch(`/v1/webhooks/${id}`, { name: 'new', authorization: { _type: 'TokenAuth', value: 'x' } });
    await api.patch(`/v1/webhooks/${id}`, { ordering: 'fifo', maxPerSecond: 5 });
    for (const overlapHours of [2, 0, 1]) await api.post(`/v1/webhooks/${id}/rotate-secret`, { overlapHours });
    for (const until of [undefined, '2026-01-02T00:00:00Z']) {
      await finishRecovery(
        api,
        (await api.post(`/v1/webhooks/${id}/recover`, { since: '2026-01-01T00:00:00Z', until })).body.data.id,
      );
    }
    await api.post(`/v1/webhooks/${id}/recover`, { since: '2026-01-01T00:00:00Z' });
    await disable(api, id);
    await api.delete(`/v1/webhooks/${(await api.subscribe('http://127.0.0.1:9/', [])).id}`);
  }
});
afterAll(() => app.close());

async function forget({ organizationId, actorId }: ApiClient, id: string): Promise<void> {
  await app.runtime.store.handle(endUserStream, id, { organizationId, actorId }, { type: 'Anonymize', id });
}

async function disable({ organizationId, actorId }: ApiClient, id: string): Promise<void> {
  await app.runtime.store.handle(
    subscriptionStream,
    id,
    { organizationId, actorId },
    { type: 'DisableSubscription', id, reason: 'gone' },
  );
}

async function finishRecovery({ organizationId, actorId }: ApiClient, id: string): Promise<void> {
  await app.runtime.store.handle(
    recoveryStream,
    id,
    { organizationId, actorId },
    { type: 'FinishRecovery', id, examined: 0, queued: 0 },
  );
}

describe('A read table that was truncated and rebuilt from the events', () => {
  it.each(READ_TABLES)('equals the old one row by row: $table', async ({ stream, table }) => {
    const rows = () => tableRows(app.database.sql, table);
    const before = await rows();
    expect(before.length).toBeGreaterThan(1);
    await app.database.sql(`TRUNCATE ${table}`);
    await rebuildTable(app.database.ownerUrl, app.runtime.codec, stream, table);
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

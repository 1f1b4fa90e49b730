import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { createSupportTeam, emailFrom, inbound, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(async () => {
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
});
afterAll(() => app.close());

const conversation = async (input: object = emailFrom(team.userId)): Promise<number> =>
  (await api.create('/v1/conversations', input)).id;
const callback = (queueId: string) => ({
  _type: 'Callback',
  requesterId: team.userId,
  direction: 'Inbound',
  contactEndpointId: '+4578787878',
  queueId,
});
const sms = () => ({ _type: 'Sms', requesterId: team.userId, contactEndpointId: '+4578787878', message: inbound() });
const claim = (id: number) => api.put(`/v1/conversations/${id}/claim`, { agentId: team.agentId });
const channels = async (queueId: string) => {
  const answer = await api.get(`/v1/queues/${queueId}/availability`);
  expect(answer.status).toBe(200);
  return answer.body.data;
};
const channel = (genericChannelName: string, availability: string, queueSize: number) => ({
  _type: 'Success',
  channelAvailability: { _type: 'GenericChannel', genericChannelName, availability, queueSize },
});
const presence = (agentId: string, more: object) =>
  api.put(`/v1/agents/${agentId}/presence`, { connectionStatus: 'Online', presenceStatus: 'Working', ...more });

describe('A queue that conversations wait in', () => {
  it('is not deleted before they are taken care of', async () => {
    const ids = [await conversation(callback(team.otherQueueId)), await conversation(callback(team.otherQueueId))];
    const refused = await api.delete(`/v1/queues/${team.otherQueueId}`);
    expect(refused.status).toBe(409);
    expect(refused.body.message).toContain('Conversations wait in queue');
    expect((await api.get(`/v1/queues/${team.otherQueueId}`)).status).toBe(200);
    expect((await claim(ids[0] as number)).status).toBe(204);
    expect((await api.delete(`/v1/queues/${team.otherQueueId}`)).status).toBe(409);
    expect((await api.put(`/v1/conversations/${ids[1]}/close`, {})).status).toBe(204);
    expect((await api.delete(`/v1/queues/${team.otherQueueId}`)).status).toBe(204);
  });

  it('is not deleted by one while another puts them there', async () => {
    for (let round = 0; round < 5; round++) {
      const queueId = await api.createQueue();
      const [deletion, ...creations] = await Promise.all([
        api.delete(`/v1/queues/${queueId}`),
        ...Array.from({ length: 4 }, () => api.post('/v1/conversations', callback(queueId))),
      ]);
      expect([204, 409]).toContain(deletion.status);
      expect(creations.filter(({ status }) => ![201, 404, 409].includes(status))).toEqual([]);
      const created = creations.filter(({ status }) => status === 201).length;
      if (deletion.status === 204) expect(created).toBe(0);
      expect((await api.get(`/v1/queues/${queueId}`)).status).toBe(deletion.status === 204 ? 404 : 200);
      const waiting = await app.database.sql('SELECT FROM conversations WHERE queue_id = $1', [queueId]);
      expect(waiting).toHaveLength(created);
    }
  });
});

describe('A queue that is deleted', () => {
  it('stays when a conversation has come between reading and writing', async () => {
    const release = await holdUp(app, 'LOCK TABLE queues IN SHARE MODE');
    const deletion = api.delete(`/v1/queues/${team.otherQueueId}`);
    const id = await release(() => conversation(callback(team.otherQueueId)));
    const answer = await deletion;
    expect([answer.status, answer.body.message]).toEqual([409, expect.stringContaining('Conversations wait in queue')]);
    expect((await api.get(`/v1/queues/conversation-position/${id}`)).body.data.position).toBe(1);
  });

  it('takes in no conversation that was about to come', async () => {
    const release = await holdUp(app, 'LOCK TABLE conversations IN SHARE MODE');
    const creation = api.post('/v1/conversations', callback(team.otherQueueId));
    const deletion = await release(() => api.delete(`/v1/queues/${team.otherQueueId}`));
    expect(deletion?.status).toBe(204);
    expect((await creation).status).toBe(404);
    const left = await app.database.sql('SELECT FROM conversations WHERE queue_id = $1', [team.otherQueueId]);
    expect(left).toEqual([]);
  });
});

describe('The availability of a queue', () => {
  it('tells nothing of a queue without members and conversations', async () => {
    expect(await channels(team.queueId)).toEqual([]);
  });

  it('counts the conversations that wait, by channel', async () => {
    const [first] = [await conversation(), await conversation(), await conversation(sms())];
    await conversation(callback(team.otherQueueId));
    expect(await channels(team.queueId)).toEqual([
      channel('Email', 'NotAvailable', 2),
      channel('Sms', 'NotAvailable', 1),
    ]);
    await claim(first);
    expect(await channels(team.queueId)).toEqual([
      channel('Email', 'NotAvailable', 1),
      channel('Sms', 'NotAvailable', 1),
    ]);
  });

  it('knows the channels that members work on', async () => {
    await api.patch(`/v1/queues/${team.queueId}/members`, { agentIds: [team.agentId] });
    await conversation();
    await presence(team.agentId, { activeChannels: ['Email', 'WidgetChat'] });
    await presence(team.otherAgentId, { activeChannels: ['Sms'] });
    const available = [channel('Email', 'Available', 1), channel('WidgetChat', 'Available', 0)];
    expect(await channels(team.queueId)).toEqual(available);
    expect(await channels(team.otherQueueId)).toEqual([]);
    for (const away of [{ presenceStatus: 'Away' }, { connectionStatus: 'Offline' }, { activeChannels: [] }]) {
      await presence(team.agentId, away);
      expect(await channels(team.queueId)).toEqual([channel('Email', 'NotAvailable', 1)]);
      await presence(team.agentId, { activeChannels: ['Email', 'WidgetChat'] });
      expect(await channels(team.queueId)).toEqual(available);
    }
  });

  it('takes members for gone whose last sign of life is too long ago', async () => {
    await api.patch(`/v1/queues/${team.queueId}/members`, { agentIds: [team.agentId] });
    await presence(team.agentId, { activeChannels: ['Email'] });
    expect(await channels(team.queueId)).toEqual([channel('Email', 'Available', 0)]);
    await app.database.sql("UPDATE agent_presence SET last_seen = last_seen - interval '1 day' WHERE agent_id = $1", [
      team.agentId,
    ]);
    expect(await channels(team.queueId)).toEqual([]);
  });

  it('is that of a queue of the organization', async () => {
    const stranger = await app.createTestOrganization();
    const foreign = await stranger.get(`/v1/queues/${team.queueId}/availability`);
    const unknown = randomUUID();
    const missing = await stranger.get(`/v1/queues/${unknown}/availability`);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.body.message.replace(team.queueId, '')).toBe(missing.body.message.replace(unknown, ''));
    expect((await api.get('/v1/queues/1/availability')).status).toBe(400);
  });
});

describe('The position of a conversation', () => {
  const position = (id: number | string, by = api) => by.get(`/v1/queues/conversation-position/${id}`);

  it('is its place in its queue, and moves up', async () => {
    const ids = [await conversation(), await conversation(sms()), await conversation()] as const;
    const other = await conversation(callback(team.otherQueueId));
    for (const [index, id] of ids.entries()) {
      const { queue } = (await api.get(`/v1/conversations/${id}`)).body.data;
      expect((await position(id)).body).toEqual({ data: { position: index + 1, queuedAt: queue.queuedAt } });
    }
    expect((await position(other)).body.data.position).toBe(1);
    await claim(ids[0]);
    expect((await position(ids[2])).body.data.position).toBe(2);
  });

  it('exists while it waits', async () => {
    const id = await conversation();
    await claim(id);
    const stranger = await app.createTestOrganization();
    const answers = [await position(id), await position(999_999_999), await position(await conversation(), stranger)];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(answers.map(({ body }) => (body.message as string).replace(/\d+/, ''))).size).toBe(1);
  });

  it.each(['x', '0', '-1', '1.5', randomUUID()])('is none of %s', async (id) => {
    const answer = await position(id);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('Invalid value for: path parameter csid');
  });
});

describe('Members of a queue', () => {
  it('are not end users', async () => {
    const nobody = randomUUID();
    const answer = await api.patch(`/v1/queues/${team.queueId}/members`, {
      agentIds: [team.userId, team.agentId, nobody],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual([
      {
        _type: 'BulkActionFailure',
        error: { _type: 'Validation', id: team.userId, message: 'Member is neither Agent or Admin' },
      },
      { _type: 'BulkActionSuccess', data: team.agentId },
      { _type: 'BulkActionFailure', error: { _type: 'NotFound', id: nobody, message: 'User not found' } },
    ]);
    expect((await api.get(`/v1/queues/${team.queueId}/members`)).body.data).toEqual([{ agentId: team.agentId }]);
  });

  it('leave it when they are removed from the organization', async () => {
    const agentIds = [team.agentId, team.otherAgentId];
    for (const id of [team.queueId, team.otherQueueId]) await api.patch(`/v1/queues/${id}/members`, { agentIds });
    expect((await api.delete(`/v1/agents/${team.agentId}`)).status).toBe(204);
    for (const id of [team.queueId, team.otherQueueId]) {
      expect((await api.get(`/v1/queues/${id}/members`)).body.data).toEqual([{ agentId: team.otherAgentId }]);
      const events = await app.database.sql(
        'SELECT type, data FROM events WHERE stream = $1 ORDER BY version DESC LIMIT 1',
        [`queue-${id}`],
      );
      expect(events).toEqual([{ type: 'QueueMembersRemoved', data: { id, agentIds: [team.agentId] } }]);
    }
  });

  it('are none who are removed between reading and writing', async () => {
    const release = await holdUp(app, 'LOCK TABLE queue_members IN SHARE MODE');
    const assignment = api.patch(`/v1/queues/${team.queueId}/members`, { agentIds: [team.agentId, team.otherAgentId] });
    const removal = await release(() => api.delete(`/v1/agents/${team.agentId}`));
    expect(removal?.status).toBe(204);
    expect((await assignment).body.data).toEqual([
      { _type: 'BulkActionFailure', error: { _type: 'NotFound', id: team.agentId, message: 'User not found' } },
      { _type: 'BulkActionSuccess', data: team.otherAgentId },
    ]);
    expect((await api.get(`/v1/queues/${team.queueId}/members`)).body.data).toEqual([{ agentId: team.otherAgentId }]);
  });

  it('are none who are removed at that moment', async () => {
    const queueIds = await Promise.all(Array.from({ length: 6 }, () => api.createQueue()));
    const answers = await Promise.all([
      api.delete(`/v1/agents/${team.agentId}`),
      ...queueIds.map((id) => api.patch(`/v1/queues/${id}/members`, { agentIds: [team.agentId] })),
    ]);
    expect(answers.filter(({ status }) => ![200, 204, 409].includes(status))).toEqual([]);
    const left = await app.database.sql('SELECT FROM queue_members WHERE agent_id = $1', [team.agentId]);
    const gone = (await api.get(`/v1/agents/${team.agentId}`)).status === 404;
    if (gone) expect(left).toEqual([]);
    expect(gone).toBe(answers[0].status === 204);
  });
});

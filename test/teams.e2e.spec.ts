import { randomUUID } from 'node:crypto';
import { type TeamEvent } from '#libs/teams/team.rules.js';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(async () => {
  api = await app.createTestOrganization();
});
afterAll(() => app.close());

const createAgents = async (count: number) =>
  (await Promise.all(Array.from({ length: count }, () => api.createAgent()))).map(({ id }) => id).sort();
const members = async (teamId: string) =>
  (await api.get(`/v1/teams/${teamId}/agents`)).body.data.map(({ id }: { id: string }) => id);
const eventsOf = (teamId: string) =>
  app.database.sql<TeamEvent>('SELECT type, data FROM events WHERE stream = $1 ORDER BY version', [`team-${teamId}`]);
/** The members as the events have it. */
const folded = async (teamId: string) => {
  const members = new Set<string>();
  for (const event of await eventsOf(teamId)) {
    if (event.type === 'TeamMembersAdded') for (const id of event.data.agentIds) members.add(id);
    if (event.type === 'TeamMembersRemoved') for (const id of event.data.agentIds) members.delete(id);
  }
  return [...members].sort();
};
const memberRows = (column: string, id: string) =>
  app.database.sql(`SELECT FROM team_members WHERE ${column} = $1`, [id]);

describe('Teams', () => {
  it('are created, read, listed by name and deleted', async () => {
    const created = await api.post('/v1/teams', { name: ' Support ' });
    expect(created.status).toBe(201);
    const { id } = created.body.data;
    expect(created.body).toEqual({ data: { id: expect.any(String), name: 'Support' } });
    expect((await api.get(`/v1/teams/${id}`)).body).toEqual(created.body);
    const [billing, same] = [await api.createTeam('Billing'), await api.createTeam('Support')];
    expect((await api.get('/v1/teams')).body.data).toEqual([
      { id: billing, name: 'Billing' },
      { id, name: 'Support' },
      { id: same, name: 'Support' },
    ]);
    const deleted = await api.delete(`/v1/teams/${id}`);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect((await api.get(`/v1/teams/${id}`)).status).toBe(404);
    expect((await api.delete(`/v1/teams/${id}`)).status).toBe(404);
    expect((await api.get('/v1/teams')).body.data).toHaveLength(2);
  });

  it('take agents in and let them go', async () => {
    const teamId = await api.createTeam('Billing');
    const alice = await api.createAgent({ displayName: 'Alice', phoneNumber: '+4570123456' });
    const bob = await api.createAgent({ displayName: 'Bob' });
    expect((await api.get(`/v1/teams/${teamId}/agents`)).body).toEqual({ data: [] });
    const added = await api.patch(`/v1/teams/${teamId}/agents`, { agentIds: [bob.id, alice.id.toUpperCase()] });
    expect([added.status, added.body]).toEqual([200, '']);
    expect((await api.get(`/v1/teams/${teamId}/agents`)).body.data).toEqual([
      { id: alice.id, name: 'Alice', email: alice.email, phoneNumber: '+4570123456' },
      { id: bob.id, name: 'Bob', email: bob.email },
    ]);
    expect((await api.get(`/v1/agents/${alice.id}/teams`)).body).toEqual({ data: [{ id: teamId }] });
    const removed = await api.delete(`/v1/teams/${teamId}/agents`, { agentIds: [alice.id] });
    expect([removed.status, removed.body]).toEqual([204, '']);
    expect(await members(teamId)).toEqual([bob.id]);
    expect((await api.get(`/v1/agents/${alice.id}/teams`)).body).toEqual({ data: [] });
  });

  it('record only what changes', async () => {
    const teamId = await api.createTeam('Billing');
    const [a, b] = await createAgents(2);
    for (const agentIds of [[a], [a], [a, b]]) await api.patch(`/v1/teams/${teamId}/agents`, { agentIds });
    for (const agentIds of [[b], [b]]) await api.delete(`/v1/teams/${teamId}/agents`, { agentIds });
    expect((await eventsOf(teamId)).slice(1)).toEqual([
      { type: 'TeamMembersAdded', data: { id: teamId, agentIds: [a] } },
      { type: 'TeamMembersAdded', data: { id: teamId, agentIds: [b] } },
      { type: 'TeamMembersRemoved', data: { id: teamId, agentIds: [b] } },
    ]);
  });

  it('take in all or, when one is no agent of the organization, none', async () => {
    const teamId = await api.createTeam('Billing');
    const [agent] = await createAgents(1);
    const unknown = randomUUID();
    const foreign = (await (await app.createTestOrganization()).createAgent()).id;
    const answer = await api.patch(`/v1/teams/${teamId}/agents`, { agentIds: [unknown, agent, foreign] });
    expect([answer.status, answer.body.message]).toEqual([404, `Agent ${unknown}, ${foreign} could not be found`]);
    expect(await members(teamId)).toEqual([]);
  });

  it('show the presence of their members, in pages', async () => {
    const teamId = await api.createTeam('Billing');
    expect((await api.get(`/v1/teams/${teamId}/presence`)).body).toEqual({ data: [], meta: {} });
    const agentIds = await createAgents(5);
    await api.patch(`/v1/teams/${teamId}/agents`, { agentIds });
    await createAgents(1);
    await api.put(`/v1/agents/${agentIds[2]}/presence`, { connectionStatus: 'Online', presenceStatus: 'Away' });
    const seen: any[] = [];
    for (let path: string | undefined = `/v1/teams/${teamId}/presence?pageLimit=2`; path;) {
      const { body } = await api.get(path);
      expect(body.data.length).toBeLessThanOrEqual(2);
      seen.push(...body.data);
      path = body.meta.next?.replace(app.url, '');
    }
    const instant = expect.stringMatching(/Z$/);
    expect(seen).toEqual(
      agentIds.map((userId, index) => ({
        userId,
        requestTime: instant,
        activeChannels: [],
        connectionStatus: 'Offline',
        ...(index === 2 && { connectionStatus: 'Online', presenceStatus: 'Away', lastSeen: instant }),
      })),
    );
    for (const query of ['pageLimit=x', 'pageLimit=201', 'pageKey=nonsense']) {
      expect((await api.get(`/v1/teams/${teamId}/presence?${query}`)).status).toBe(400);
    }
  });

  it.each([
    [{}, 'name must be a string'],
    [{ name: null }, 'name must be a string'],
    [{ name: 5 }, 'name must be a string'],
    [{ name: ' ' }, 'name must not be empty'],
    [{ name: 'x'.repeat(256) }, 'name must have at most 255 characters'],
    [{ name: 'a\0b' }, 'name must not contain NUL characters'],
    [[], 'must be a JSON object'],
    ['', 'must be a JSON object'],
  ])('are not created from %j', async (body, reason) => {
    const answer = await api.post('/v1/teams', body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect((await api.get('/v1/teams')).body.data).toEqual([]);
  });

  const uuid = randomUUID();
  it.each([
    [{}, 'agentIds must be an array'],
    [{ agentIds: null }, 'agentIds must be an array'],
    [{ agentIds: uuid }, 'agentIds must be an array'],
    [{ agentIds: [] }, 'agentIds must have at least 1 items'],
    [{ agentIds: Array.from({ length: 101 }, () => randomUUID()) }, 'agentIds must have at most 100 items'],
    [{ agentIds: [uuid, uuid.toUpperCase()] }, 'agentIds must not contain a value twice'],
    [{ agentIds: ['1'] }, 'agentIds [0] must be a UUID'],
    [{ agentIds: [null] }, 'agentIds [0] must be a string'],
    [{ agentIds: [uuid], all: true }, 'all is not a field of this request'],
    [{ agent_ids: [uuid] }, 'agent_ids is not a field of this request'],
    [[uuid], 'must be a JSON object'],
    ['', 'must be a JSON object'],
  ])('keep their members when asked to add or remove %j', async (body, reason) => {
    const teamId = await api.createTeam('Billing');
    const agentIds = await createAgents(1);
    await api.patch(`/v1/teams/${teamId}/agents`, { agentIds });
    for (const method of ['PATCH', 'DELETE']) {
      const answer = await api.send(method, `/v1/teams/${teamId}/agents`, body);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain(reason);
    }
    expect(await members(teamId)).toEqual(agentIds);
    expect(await eventsOf(teamId)).toHaveLength(2);
  });

  it.each([
    ['GET', '', undefined],
    ['DELETE', '', undefined],
    ['GET', '/agents', undefined],
    ['PATCH', '/agents', { agentIds: [uuid] }],
    ['DELETE', '/agents', { agentIds: [uuid] }],
    ['GET', '/presence', undefined],
  ])(
    'that do not exist, or not in this organization, are a 404 to %s /v1/teams/{teamId}%s',
    async (method, path, body) => {
      const id = await (await app.createTestOrganization()).createTeam('Secret');
      const unknown = randomUUID();
      const foreign = await api.send(method, `/v1/teams/${id}${path}`, body);
      const missing = await api.send(method, `/v1/teams/${unknown}${path}`, body);
      expect([foreign.status, missing.status]).toEqual([404, 404]);
      expect(foreign.body.message).toBe(`Team ${id} could not be found`);
      expect(missing.body.message).toBe(`Team ${unknown} could not be found`);
      const malformed = await api.send(method, `/v1/teams/1${path}`, body);
      expect(malformed.body.message).toBe('Invalid value for: path parameter teamId (must be a UUID)');
      expect(await eventsOf(id)).toHaveLength(1);
    },
  );
});

describe('Teams that several change at once', () => {
  it('have the members that their events say', async () => {
    const teamId = await api.createTeam('Billing');
    const agentIds = await createAgents(3);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        api.send(i % 2 ? 'PATCH' : 'DELETE', `/v1/teams/${teamId}/agents`, { agentIds: agentIds.slice(i % 3) }),
      ),
    );
    for (const { status } of answers) expect([200, 204, 409]).toContain(status);
    expect(await members(teamId)).toEqual(await folded(teamId));
    expect(await memberRows('team_id', teamId)).toHaveLength((await members(teamId)).length);
  });

  it('stay without members once they are deleted', async () => {
    for (let round = 0; round < 5; round++) {
      const teamId = await api.createTeam('Billing');
      const agentIds = await createAgents(4);
      const [deleted, ...added] = await Promise.all([
        api.delete(`/v1/teams/${teamId}`),
        ...agentIds.map((id) => api.patch(`/v1/teams/${teamId}/agents`, { agentIds: [id] })),
      ]);
      expect(deleted.status).toBe(204);
      for (const { status } of added) expect([200, 404]).toContain(status);
      expect((await eventsOf(teamId)).at(-1)?.type).toBe('TeamDeleted');
      expect(await memberRows('team_id', teamId)).toEqual([]);
    }
  });

  it('do not keep an agent who is removed meanwhile', async () => {
    for (let round = 0; round < 5; round++) {
      const teamIds = await Promise.all(['A', 'B', 'C', 'D'].map((name) => api.createTeam(name)));
      const [id] = (await createAgents(1)) as [string];
      const add = (teamId: string) => api.patch(`/v1/teams/${teamId}/agents`, { agentIds: [id] });
      await add(teamIds[0] as string);
      const [removed, ...added] = await Promise.all([api.delete(`/v1/agents/${id}`), ...teamIds.slice(1).map(add)]);
      expect([204, 409]).toContain(removed.status);
      for (const { status } of added) expect([200, 404]).toContain(status);
      if (removed.status === 409) await api.delete(`/v1/agents/${id}`);
      expect((await api.get(`/v1/agents/${id}`)).status).toBe(404);
      expect(await memberRows('agent_id', id)).toEqual([]);
      for (const teamId of teamIds) expect(await folded(teamId)).toEqual([]);
    }
  });

  it('take nobody in who is removed between reading and writing', async () => {
    const teamId = await api.createTeam('Billing');
    const [id] = (await createAgents(1)) as [string];
    const release = await holdUp(app, 'LOCK TABLE team_members IN SHARE MODE');
    const added = api.patch(`/v1/teams/${teamId}/agents`, { agentIds: [id] });
    const removed = await release(() => api.delete(`/v1/agents/${id}`));
    expect(removed?.status).toBe(204);
    expect((await added).status).toBe(404);
    expect(await eventsOf(teamId)).toHaveLength(1);
    expect(await memberRows('agent_id', id)).toEqual([]);
  });
});

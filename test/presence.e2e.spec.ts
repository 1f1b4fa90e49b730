import { PresenceRecorder } from '#libs/agents/presence-recorder.js';
import { PresenceSweeper } from '#libs/agents/presence-sweeper.js';
import { type Presence, PresenceTimeout } from '#libs/agents/presence.rules.js';
import { presenceIsAt, presenceStream, presenceStreamId } from '#libs/agents/presence.stream.js';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { staged } from '#libs/event-store/staged.js';
import { VersionConflict } from '#libs/event-store/version-conflict.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const TIMEOUT_SECONDS = 25;
const timeout = new PresenceTimeout(TIMEOUT_SECONDS);
let app: TestApp;
let api: ApiClient;
let id: string;
beforeAll(async () => {
  app = await startTestApp({ env: { PRESENCE_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS) } });
});
beforeEach(async () => {
  api = await app.createTestOrganization();
  ({ id } = await api.createAgent());
});
afterAll(() => app.close());

const instant = expect.stringMatching(/^\d{4}-.*Z$/);
const presenceOf = async (agentId = id) => (await api.get(`/v1/agents/${agentId}/presence`)).body.data;
const work = (channel: string, working: boolean) =>
  api.put(`/v1/agents/${id}/presence/working-channel`, { channel, working });
const events = () =>
  app.database.sql<{ type: string; data: Presence }>(
    'SELECT type, data FROM events WHERE stream LIKE $1 ORDER BY position',
    [`agentPresence-${id}.%`],
  );
/** Records that the agent was last seen so long ago, in the stream of that time. */
async function recordSeen(secondsAgo: number, changes: Partial<Presence> = {}, target = app, revision = 1) {
  const then = new Date(Date.now() - secondsAgo * 1000);
  const data = {
    agentId: id,
    connectionStatus: 'Online',
    activeChannels: [],
    lastSeen: then.toISOString(),
    ...changes,
  };
  const change = staged(presenceStream, presenceStreamId(id, then), { state: undefined, version: 0 }, [
    { type: 'AgentPresenceChanged', data: data as Presence },
  ]);
  await target.runtime.store.commit([change], { organizationId: api.organizationId, actorId: id }, [
    presenceIsAt(api.organizationId, id, revision),
  ]);
}

describe('Presence', () => {
  it('is offline as long as an agent has never been seen', async () => {
    const offline = { userId: id, requestTime: instant, connectionStatus: 'Offline', activeChannels: [] };
    expect(await presenceOf()).toEqual(offline);
    const list = await api.get('/v1/agents/presence');
    expect(list.status).toBe(200);
    expect(list.body).toEqual([offline]);
  });

  it('is answered as a heartbeat leaves it', async () => {
    const answer = await api.put(`/v1/agents/${id}/presence`, {
      connectionStatus: 'Online',
      presenceStatus: 'Working',
      activeChannels: ['WidgetChat', 'Email'],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({
      userId: id,
      requestTime: instant,
      lastSeen: instant,
      connectionStatus: 'Online',
      presenceStatus: 'Working',
      activeChannels: ['Email', 'WidgetChat'],
    });
    expect(await presenceOf()).toEqual({ ...answer.body.data, requestTime: instant });
    const away = await api.put(`/v1/agents/${id}/presence`, { connectionStatus: 'Online', presenceStatus: 'Away' });
    expect(away.body.data).toMatchObject({ presenceStatus: 'Away', activeChannels: ['Email', 'WidgetChat'] });
    const other = await api.createAgent();
    const list = (await api.get('/v1/agents/presence')).body as { userId: string; connectionStatus: string }[];
    expect(list.map(({ userId, connectionStatus }) => [userId, connectionStatus])).toEqual([
      [id, 'Online'],
      [other.id, 'Offline'],
    ]);
  });

  it('is recorded when it changes; of heartbeats, those far apart', async () => {
    await recordSeen(TIMEOUT_SECONDS / 2);
    for (let i = 0; i < 3; i++) await api.put(`/v1/agents/${id}/presence`, { connectionStatus: 'Online' });
    expect((await events()).map(({ type }) => type)).toEqual(['AgentPresenceChanged', 'AgentSeen']);
    await api.put(`/v1/agents/${id}/presence`, { connectionStatus: 'Offline' });
    expect((await events()).map(({ type }) => type).at(-1)).toBe('AgentPresenceChanged');
    expect(await presenceOf()).toMatchObject({ connectionStatus: 'Offline' });
  });

  it('is offline once heartbeats have stopped for the timeout', async () => {
    await recordSeen(TIMEOUT_SECONDS + 1, { presenceStatus: 'Working', activeChannels: ['Email'] });
    expect(await presenceOf()).toMatchObject({
      connectionStatus: 'Offline',
      presenceStatus: 'Working',
      activeChannels: ['Email'],
    });
    expect((await api.get('/v1/agents/presence')).body[0].connectionStatus).toBe('Offline');
    const back = await api.put(`/v1/agents/${id}/presence`, { connectionStatus: 'Online' });
    expect(back.body.data).toMatchObject({ connectionStatus: 'Online', activeChannels: ['Email'] });
  });

  it('goes on from the row in the stream of another hour', async () => {
    await recordSeen(3 * 3600, { activeChannels: ['Email'], presenceStatus: 'Away' });
    expect((await work('Speak', true)).status).toBe(204);
    const streams = await app.database.sql<{ stream: string; version: number }>(
      'SELECT stream, version FROM events WHERE stream LIKE $1',
      [`agentPresence-${id}.%`],
    );
    expect(new Set(streams.map(({ stream }) => stream)).size).toBe(2);
    expect(streams.map(({ version }) => version)).toEqual([1, 1]);
    expect(await presenceOf()).toMatchObject({
      presenceStatus: 'Away',
      activeChannels: ['Callback', 'Email', 'PstnPhone', 'Voicemail'],
    });
  });

  it('is not decided on what another hour has changed meanwhile', async () => {
    await recordSeen(2 * 3600, {}, app, 1);
    await expect(recordSeen(3600, {}, app, 1)).rejects.toBeInstanceOf(VersionConflict);
    await recordSeen(3600, {}, app, 2);
    expect(await events()).toHaveLength(2);
  });

  it('takes channels on and off by groups, whether or not the agent is there', async () => {
    for (const [channel, channels] of [
      ['Email', ['ContactForm', 'Email']],
      ['InteractiveChat', ['Messenger', 'WidgetChat']],
      ['Messaging', ['FacebookMessenger', 'Sms', 'Twitter', 'WhatsApp']],
      ['Speak', ['Callback', 'PstnPhone', 'Voicemail']],
    ] as const) {
      const answer = await work(channel, true);
      expect([answer.status, answer.body]).toEqual([204, '']);
      expect(await presenceOf()).toMatchObject({ connectionStatus: 'Offline', activeChannels: channels });
      expect(await presenceOf()).not.toHaveProperty('lastSeen');
      await work(channel, true);
      await work(channel, false);
    }
    expect((await presenceOf()).activeChannels).toEqual([]);
    expect(await events()).toHaveLength(8);
  });

  it('loses none of several changes at once', async () => {
    const groups = ['Email', 'InteractiveChat', 'Messaging', 'Speak'];
    const answers = await Promise.all(groups.map((channel) => work(channel, true)));
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect((await presenceOf()).activeChannels).toHaveLength(11);
    expect(await events()).toHaveLength(4);
  });

  it('is decided again when it has changed between reading and writing, if in another hour', async () => {
    await recordSeen(3600);
    const release = await holdUp(
      app,
      `UPDATE agent_presence SET active_channels = '{Sms}', revision = revision + 1 WHERE agent_id = '${id}'`,
    );
    const answer = work('Email', true);
    await release();
    expect((await answer).status).toBe(204);
    expect((await presenceOf()).activeChannels).toEqual(['ContactForm', 'Email', 'Sms']);
    expect(await events()).toHaveLength(2);
  });

  it('of a removed agent is gone, and none is recorded any more', async () => {
    await api.put(`/v1/agents/${id}/presence`, { connectionStatus: 'Online' });
    await api.delete(`/v1/agents/${id}`);
    expect((await api.get('/v1/agents/presence')).body).toEqual([]);
    expect((await api.get(`/v1/agents/${id}/presence`)).status).toBe(404);
    expect((await api.put(`/v1/agents/${id}/presence`, { connectionStatus: 'Offline' })).status).toBe(404);
    expect((await work('Email', true)).status).toBe(404);
    expect(await events()).toHaveLength(1);
  });

  it.each([
    [{}, 'connectionStatus must be one of: Offline, Online'],
    [{ connectionStatus: null }, 'connectionStatus must be one of'],
    [{ connectionStatus: 'online' }, 'connectionStatus is online, which is not a known value; did you mean Online?'],
    [{ connectionStatus: 'Online', presenceStatus: 'Busy' }, 'presenceStatus must be one of: Away, Working'],
    [{ connectionStatus: 'Online', presenceStatus: null }, 'presenceStatus must be one of'],
    [{ connectionStatus: 'Online', activeChannels: 'Email' }, 'activeChannels must be an array'],
    [{ connectionStatus: 'Online', activeChannels: ['Fax'] }, 'activeChannels may only contain'],
    [
      { connectionStatus: 'Online', activeChannels: ['Email', 'Email'] },
      'activeChannels must not contain a value twice',
    ],
    [{ connectionStatus: 'Online', activeChannels: null }, 'activeChannels must be an array'],
    [{ connectionStatus: 'Online', lastSeen: '2026-03-14T09:26:53Z' }, 'lastSeen is not a field of this request'],
    [[], 'must be a JSON object'],
    ['', 'must be a JSON object'],
  ])('is not updated by %j', async (body, reason) => {
    const answer = await api.put(`/v1/agents/${id}/presence`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect(await events()).toEqual([]);
  });

  it.each([
    [{}, 'channel must be one of: Email, InteractiveChat, Messaging, Speak'],
    [{ channel: 'Sms', working: true }, 'channel must be one of'],
    [{ channel: 'constructor', working: true }, 'channel must be one of'],
    [{ channel: 'Email' }, 'working must be true or false'],
    [{ channel: 'Email', working: 'true' }, 'working must be true or false'],
    [{ channel: 'Email', working: null }, 'working must be true or false'],
    [{ channel: 'Email', working: true, on: true }, 'on is not a field of this request'],
    ['null', 'must be a JSON object'],
  ])('takes no channel on by %j', async (body, reason) => {
    const answer = await api.put(`/v1/agents/${id}/presence/working-channel`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect(await events()).toEqual([]);
  });
});

describe('With workers', () => {
  let workers: TestApp;
  beforeAll(async () => {
    workers = await startTestApp({ worker: true, env: { PRESENCE_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS) } });
  });
  beforeEach(async () => {
    api = await workers.createTestOrganization();
    ({ id } = await api.createAgent({ displayName: 'Alice', email: 'a@x.example' }));
  });
  afterAll(() => workers.close());

  it('presence that has run out is recorded and delivered, once, however many of them look for it', async () => {
    const receiver = await startWebhookReceiver();
    await api.subscribe(receiver.url, ['AgentPresenceChanged']);
    const { database, store, worker } = workers.runtime;
    const recorder = new PresenceRecorder(store, database, timeout);
    await recordSeen(TIMEOUT_SECONDS + 1, { activeChannels: ['FacebookMessenger'] }, workers);
    const sweepers = Array.from(
      { length: 4 },
      () =>
        new PresenceSweeper(
          (worker as NonNullable<typeof worker>).database,
          workers.get(Checkpoints),
          recorder,
          timeout,
        ),
    );
    for (const sweeper of sweepers) sweeper.onApplicationBootstrap();
    await waitFor('two deliveries', () => receiver.received.length >= 2);
    for (const sweeper of sweepers) await sweeper.onApplicationShutdown();
    const presences = receiver.received.map(({ payload }) => (payload.data as any).presence);
    expect(presences.map(({ connection_status: status }) => status).sort()).toEqual(['OFFLINE', 'ONLINE']);
    expect(presences[0]).toMatchObject({
      agent_id: id,
      presence_status: null,
      active_channels: ['FACEBOOK_MESSENGER'],
      last_seen: instant,
    });
    const recorded = await workers.database.sql<{ data: Presence; metadata: object }>(
      'SELECT data, metadata FROM events WHERE stream LIKE $1 ORDER BY position',
      [`agentPresence-${id}.%`],
    );
    expect(recorded.map(({ data }) => data.connectionStatus)).toEqual(['Online', 'Offline']);
    expect(recorded[1]?.metadata).toEqual({ actorId: id });
    await receiver.close();
  });

  it('events of agents and teams are delivered', async () => {
    const receiver = await startWebhookReceiver();
    const names = [
      'AgentUpdated',
      'AgentRemoved',
      'TeamCreated',
      'TeamMembersAdded',
      'TeamMembersRemoved',
      'TeamDeleted',
    ];
    await api.subscribe(receiver.url, names);
    const teamId = await api.createTeam('Billing');
    await api.patch(`/v1/agents/${id}`, { phoneNumber: '+4570123456' });
    await api.patch(`/v1/teams/${teamId}/agents`, { agentIds: [id] });
    await api.delete(`/v1/agents/${id}`);
    await api.delete(`/v1/teams/${teamId}`);
    await waitFor('the deliveries', () => receiver.received.length >= names.length);
    const agent = {
      id,
      name: 'Alice',
      email: 'a@x.example',
      phone: '+4570123456',
      roles: ['AGENT'],
      user_type: 'Member',
    };
    const team = { id: teamId, name: 'Billing' };
    const delivered = receiver.received.map(({ payload }) => [payload.event_fqn, payload.data]);
    expect(Object.fromEntries(delivered)).toEqual({
      AGENT_UPDATED: { agent },
      AGENT_REMOVED: { agent },
      TEAM_CREATED: { team },
      TEAM_MEMBERS_ADDED: { team, agent_ids: [id] },
      TEAM_MEMBERS_REMOVED: { team, agent_ids: [id] },
      TEAM_DELETED: { team },
    });
    await receiver.close();
  });
});

import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const REPEATED = 'abcdefab-0000-4000-8000-000000000000';
const REQUIRED = { name: 'Support', callFunctionality: true, isDefault: false, isDoNotOfferEnabled: true };
const OPTIONAL = {
  queueThresholds: {
    AvailableAgents: 0,
    LongestWait: 600,
    SlaPercentage: 100,
    SlaTimeLimit: 30,
    WaitingConversations: 5,
  },
  doNotOfferTimeouts: { Email: 3600, WidgetChat: 0 },
  offerTimeout: 0,
  wrapupTimeout: 86_400,
  priority: 1,
  offerAbandonedConversations: true,
  preferredAgentTimeouts: { PstnPhone: 15 },
  isPreferredAgentEnabled: false,
  preferredAgentOfflineTimeout: 2_592_000,
  personalAgentOfflineTimeout: 0,
  isRestricted: true,
};
const shown = (organizationId: string, id: string) => ({
  id,
  organizationId,
  ...REQUIRED,
  queueThresholds: {},
  doNotOfferTimeouts: {},
  slaCalculationMethod: 'AbandonedIgnored',
  memberListType: 'Default',
  usages: { queueId: id, usages: {} },
});

interface StoredEvent {
  stream: string;
  type: string;
  version: number;
  data: Record<string, unknown>;
}

const eventsOf = (api: ApiClient) =>
  app.database.sql<StoredEvent>(
    `SELECT stream, type, version, data FROM events
     WHERE organization_id = $1 AND stream LIKE 'queue-%' ORDER BY position`,
    [api.organizationId],
  );
const queues = async (api: ApiClient) =>
  (await api.get('/v1/queues')).body.data as { id: string; name: string; isDefault: boolean }[];
const defaults = async (api: ApiClient) => (await queues(api)).filter(({ isDefault }) => isDefault).map(({ id }) => id);

/** What the events say of each queue that exists: whether it is the default. */
function folded(events: StoredEvent[]): Record<string, boolean> {
  const isDefault = new Map<string, boolean>();
  for (const { type, data } of events) {
    const { id, changes } = data as { id: string; changes?: { isDefault?: boolean } };
    if (type === 'QueueCreated') isDefault.set(id, data.isDefault === true);
    if (type === 'QueueUpdated') isDefault.set(id, changes?.isDefault ?? isDefault.get(id) === true);
    if (type === 'QueueDeleted') isDefault.delete(id);
  }
  return Object.fromEntries(isDefault);
}

describe('Queues', () => {
  it('are created with what is required, their maps empty, and can be read back', async () => {
    const api = await app.createTestOrganization();
    const created = await api.post('/v1/queues', { request: { ...REQUIRED, name: ' Support ' } });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ data: shown(api.organizationId, created.body.data.id as string) });
    expect((await api.get(`/v1/queues/${created.body.data.id}`)).body).toEqual(created.body);
    expect((await api.get('/v1/queues')).body).toEqual({ data: [created.body.data] });
  });

  it('keep every setting, each at the end of its range', async () => {
    const api = await app.createTestOrganization();
    const request = { ...REQUIRED, ...OPTIONAL, offerAlgorithm: 'LongestIdle', unknown: 1 };
    const created = await api.post('/v1/queues', { request });
    expect(created.status).toBe(201);
    expect(created.body.data).toEqual({
      ...shown(api.organizationId, created.body.data.id as string),
      ...OPTIONAL,
      offeringAlgorithm: 'LongestIdle',
    });
    expect((await api.get(`/v1/queues/${created.body.data.id}`)).body).toEqual(created.body);
  });

  it('take null for no value when they are created', async () => {
    const api = await app.createTestOrganization();
    const nothing = Object.fromEntries([...Object.keys(OPTIONAL), 'offerAlgorithm'].map((field) => [field, null]));
    const created = await api.post('/v1/queues', { request: { ...REQUIRED, ...nothing } });
    expect(created.body.data).toEqual(shown(api.organizationId, created.body.data.id as string));
  });

  it('are listed by name, which several may have', async () => {
    const api = await app.createTestOrganization();
    const names = ['b', 'a', 'b', "Füße 重要 👩‍👩‍👧; DROP TABLE queues'"];
    for (const name of names) await api.createQueue({ name });
    expect((await queues(api)).map(({ name }) => name)).toEqual(names.sort());
  });

  it('change only by what a patch names', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue({ ...REQUIRED, ...OPTIONAL });
    const patched = await api.patch(`/v1/queues/${id}`, {
      name: 'Sales',
      offerAlgorithm: 'AllAtOnce',
      priority: null,
      queueThresholds: null,
      preferredAgentTimeouts: null,
      doNotOfferTimeouts: { Sms: 5 },
    });
    expect(patched.status).toBe(200);
    expect(patched.body.data).toEqual({
      ...shown(api.organizationId, id),
      ...OPTIONAL,
      name: 'Sales',
      priority: undefined,
      preferredAgentTimeouts: undefined,
      offeringAlgorithm: 'AllAtOnce',
      queueThresholds: {},
      doNotOfferTimeouts: { Sms: 5 },
    });
    expect((await api.get(`/v1/queues/${id}`)).body).toEqual(patched.body);
  });

  it('leave no event when a patch changes nothing', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue({ ...REQUIRED, ...OPTIONAL });
    for (const patch of [{}, REQUIRED, OPTIONAL, { offerAlgorithm: null }]) {
      expect((await api.patch(`/v1/queues/${id}`, patch)).status).toBe(200);
    }
    expect(await eventsOf(api)).toHaveLength(1);
  });

  it('are deleted', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const answer = await api.delete(`/v1/queues/${id}`);
    expect([answer.status, answer.body]).toEqual([204, '']);
    expect((await api.get(`/v1/queues/${id}`)).status).toBe(404);
    expect((await api.delete(`/v1/queues/${id}`)).status).toBe(404);
    expect(await queues(api)).toEqual([]);
  });
});

describe('The default queue', () => {
  it('gives way to one that is created as the default', async () => {
    const api = await app.createTestOrganization();
    const first = await api.createQueue({ isDefault: true });
    const second = await api.createQueue({ isDefault: true });
    expect(await defaults(api)).toEqual([second]);
    expect((await eventsOf(api)).slice(1)).toMatchObject([
      { stream: `queue-${first}`, version: 2, type: 'QueueUpdated', data: { changes: { isDefault: false } } },
      { stream: `queue-${second}`, version: 1, type: 'QueueCreated', data: { isDefault: true } },
    ]);
  });

  it('gives way to one that is made the default, and ceases to be it without another', async () => {
    const api = await app.createTestOrganization();
    const [first, second] = [await api.createQueue({ isDefault: true }), await api.createQueue()];
    expect((await api.patch(`/v1/queues/${second}`, { isDefault: true })).body.data.isDefault).toBe(true);
    expect(await defaults(api)).toEqual([second]);
    expect((await api.patch(`/v1/queues/${first}`, { isDefault: true, name: 'again' })).status).toBe(200);
    expect(await defaults(api)).toEqual([first]);
    expect((await api.patch(`/v1/queues/${first}`, { isDefault: false })).status).toBe(200);
    expect(await defaults(api)).toEqual([]);
  });

  it('is not deleted while it is the default', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue({ isDefault: true });
    const answer = await api.delete(`/v1/queues/${id}`);
    expect(answer.status).toBe(409);
    expect(answer.body.message).toContain('is the default queue');
    expect(await defaults(api)).toEqual([id]);
    await api.createQueue({ isDefault: true });
    expect((await api.delete(`/v1/queues/${id}`)).status).toBe(204);
  });

  it('is another in each organization', async () => {
    const [one, other] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const ids = [await one.createQueue({ isDefault: true }), await other.createQueue({ isDefault: true })];
    expect([await defaults(one), await defaults(other)]).toEqual([[ids[0]], [ids[1]]]);
  });

  it.each([false, true])('is one after many were created at once (with one before: %s)', async (before) => {
    const api = await app.createTestOrganization();
    if (before) await api.createQueue({ isDefault: true });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        api.post('/v1/queues', { request: { ...REQUIRED, name: `${n}`, isDefault: true } }),
      ),
    );
    const created = answers.filter(({ status }) => status === 201);
    expect(created.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect(await queues(api)).toHaveLength(created.length + Number(before));
    expect(await defaults(api)).toHaveLength(1);
    const rows = Object.fromEntries((await queues(api)).map(({ id, isDefault }) => [id, isDefault]));
    expect(folded(await eventsOf(api))).toEqual(rows);
  });

  it('is at most one after it was changed, taken away and deleted at once', async () => {
    const api = await app.createTestOrganization();
    const ids = await Promise.all(Array.from({ length: 4 }, () => api.createQueue()));
    const answers = await Promise.all(
      ids.flatMap((id) => [
        api.patch(`/v1/queues/${id}`, { isDefault: true }),
        api.patch(`/v1/queues/${id}`, { isDefault: false }),
        api.delete(`/v1/queues/${id}`),
      ]),
    );
    expect(answers.filter(({ status }) => ![200, 204, 404, 409].includes(status))).toEqual([]);
    expect((await defaults(api)).length).toBeLessThanOrEqual(1);
    const rows = Object.fromEntries((await queues(api)).map(({ id, isDefault }) => [id, isDefault]));
    expect(folded(await eventsOf(api))).toEqual(rows);
  });
});

const members = async (api: ApiClient, id: string) =>
  ((await api.get(`/v1/queues/${id}/members`)).body.data as { agentId: string }[]).map(({ agentId }) => agentId);
const agentsOf = async (api: ApiClient, count: number) =>
  (await Promise.all(Array.from({ length: count }, () => api.createAgent()))).map(({ id }) => id).sort();
const success = (id?: string) => ({ _type: 'BulkActionSuccess', data: id });
const failure = (_type: string, id: string, message: string) => ({
  _type: 'BulkActionFailure',
  error: { _type, id, message },
});

/** Who is a member by what the events say. */
function membersByEvents(events: StoredEvent[]): string[] {
  const ids = new Set<string>();
  for (const { type, data } of events) {
    for (const agentId of (data.agentIds as string[] | undefined) ?? []) {
      // An assignment of a member or a removal of another would be an event that says nothing.
      expect(ids.has(agentId)).toBe(type === 'QueueMembersRemoved');
      if (type === 'QueueMembersAssigned') ids.add(agentId);
      else ids.delete(agentId);
    }
  }
  return [...ids].sort();
}

describe('Members of a queue', () => {
  it('are assigned and removed', async () => {
    const api = await app.createTestOrganization();
    const [queue, other] = [await api.createQueue(), await api.createQueue()];
    const [anna, ben, carl] = (await agentsOf(api, 3)) as [string, string, string];
    expect((await api.get(`/v1/queues/${queue}/members`)).body).toEqual({ data: [] });
    const answer = await api.patch(`/v1/queues/${queue}/members`, { agentIds: [ben.toUpperCase(), anna, carl] });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ data: [success(ben), success(anna), success(carl)] });
    expect((await api.get(`/v1/queues/${queue}/members`)).body.data).toEqual([
      { agentId: anna },
      { agentId: ben },
      { agentId: carl },
    ]);
    const removal = await api.delete(`/v1/queues/${queue}/members`, { agentIds: [carl, anna] });
    expect([removal.status, removal.body]).toEqual([204, '']);
    expect(await members(api, queue)).toEqual([ben]);
    expect(await members(api, other)).toEqual([]);
  });

  it('leave an event for what really changes alone', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const [anna, ben] = (await agentsOf(api, 2)) as [string, string];
    await api.patch(`/v1/queues/${id}/members`, { agentIds: [anna] });
    const again = await api.patch(`/v1/queues/${id}/members`, { agentIds: [anna] });
    expect(again.body.data).toEqual([success(anna)]);
    await api.patch(`/v1/queues/${id}/members`, { agentIds: [ben, anna] });
    for (let i = 0; i < 2; i++) await api.delete(`/v1/queues/${id}/members`, { agentIds: [anna] });
    expect((await eventsOf(api)).slice(1).map(({ type, data }) => [type, data])).toEqual([
      ['QueueMembersAssigned', { id, agentIds: [anna] }],
      ['QueueMembersAssigned', { id, agentIds: [ben] }],
      ['QueueMembersRemoved', { id, agentIds: [anna] }],
    ]);
  });

  it('become those whom there are, whoever else is named with them', async () => {
    const [api, foreign] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const id = await api.createQueue();
    const [anna, ben] = (await agentsOf(api, 2)) as [string, string];
    const [stranger, nobody] = [(await foreign.createAgent()).id, randomUUID()];
    const answer = await api.patch(`/v1/queues/${id}/members`, { agentIds: [stranger, anna, nobody, ben] });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual([
      failure('NotFound', stranger, 'User not found'),
      success(anna),
      failure('NotFound', nobody, 'User not found'),
      success(ben),
    ]);
    expect(await members(api, id)).toEqual([anna, ben]);
    const none = await api.patch(`/v1/queues/${id}/members`, { agentIds: [nobody] });
    expect([none.status, none.body.data]).toEqual([200, [failure('NotFound', nobody, 'User not found')]]);
    expect(await eventsOf(api)).toHaveLength(2);
  });

  it('are at most ten a request, and as many as one likes in the end', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const ids = await agentsOf(api, 12);
    expect((await api.patch(`/v1/queues/${id}/members`, { agentIds: ids.slice(0, 10) })).status).toBe(200);
    expect((await api.patch(`/v1/queues/${id}/members`, { agentIds: ids.slice(10) })).status).toBe(200);
    expect(await members(api, id)).toEqual(ids);
    expect((await api.delete(`/v1/queues/${id}/members`, { agentIds: ids.slice(0, 10) })).status).toBe(204);
    expect(await members(api, id)).toEqual(ids.slice(10));
  });

  it.each<[unknown, string]>([
    [{}, 'agentIds must be an array'],
    [{ agentIds: null }, 'agentIds must be an array'],
    [{ agentIds: randomUUID() }, 'agentIds must be an array'],
    [{ agentIds: {} }, 'agentIds must be an array'],
    [{ agentIds: [] }, 'agentIds must have at least 1 items'],
    [{ agentIds: Array.from({ length: 11 }, () => randomUUID()) }, 'agentIds must have at most 10 items'],
    [{ agentIds: ['1'] }, 'agentIds [0] must be a UUID'],
    [{ agentIds: [randomUUID(), null] }, 'agentIds [1] must be a string'],
    [{ agentIds: [5] }, 'agentIds [0] must be a string'],
    [{ agentIds: [REPEATED, REPEATED.toUpperCase()] }, 'agentIds must not contain a value twice'],
    [{ agentId: [randomUUID()] }, 'agentIds must be an array'],
    [[randomUUID()], 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['', 'must be a JSON object'],
    [undefined, 'must be a JSON object'],
  ])('neither come nor go by %j', async (body, reason) => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const [anna] = (await agentsOf(api, 1)) as [string];
    await api.patch(`/v1/queues/${id}/members`, { agentIds: [anna] });
    for (const method of ['PATCH', 'DELETE']) {
      const answer = await api.send(method, `/v1/queues/${id}/members`, body);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: body');
      expect(answer.body.message).toContain(reason);
    }
    expect(await members(api, id)).toEqual([anna]);
    expect(await eventsOf(api)).toHaveLength(2);
  });

  it('assigned and removed at once are those whom the events say', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const agentIds = await agentsOf(api, 3);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        const body = { agentIds: [agentIds[n % 3]] };
        return n % 2 ? api.delete(`/v1/queues/${id}/members`, body) : api.patch(`/v1/queues/${id}/members`, body);
      }),
    );
    expect(answers.filter(({ status }) => ![200, 204, 409].includes(status))).toEqual([]);
    expect(await members(api, id)).toEqual(membersByEvents(await eventsOf(api)));
  });

  it('are none once the queue is deleted, even if some come at that moment', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const agentIds = await agentsOf(api, 6);
    const [deletion, ...assignments] = await Promise.all([
      api.delete(`/v1/queues/${id}`),
      ...agentIds.map((agentId) => api.patch(`/v1/queues/${id}/members`, { agentIds: [agentId] })),
    ]);
    expect([204, 409]).toContain(deletion.status);
    expect(assignments.filter(({ status }) => ![200, 404, 409].includes(status))).toEqual([]);
    await api.delete(`/v1/queues/${id}`);
    expect(await app.database.sql('SELECT FROM queue_members WHERE queue_id = $1', [id])).toEqual([]);
    expect((await api.get(`/v1/queues/${id}/members`)).status).toBe(404);
  });
});

/** Faults of fields that creations and patches have in common. */
const FAULTY: [object, string][] = [
  [{ name: 5 }, 'name must be a string'],
  [{ name: null }, 'name must be a string'],
  [{ name: ' ' }, 'name must not be empty'],
  [{ name: 'x'.repeat(256) }, 'name must have at most 255 characters'],
  [{ name: 'a\0b' }, 'name must not contain NUL characters'],
  [{ isDefault: 'true' }, 'isDefault must be true or false'],
  [{ isDefault: null }, 'isDefault must be true or false'],
  [{ callFunctionality: 1 }, 'callFunctionality must be true or false'],
  [{ isDoNotOfferEnabled: null }, 'isDoNotOfferEnabled must be true or false'],
  [{ offerTimeout: -1 }, 'offerTimeout must be a whole number from 0 to 86400'],
  [{ offerTimeout: 86_401 }, 'offerTimeout must be a whole number from 0 to 86400'],
  [{ offerTimeout: 1.5 }, 'offerTimeout must be a whole number'],
  [{ offerTimeout: '30' }, 'offerTimeout must be a whole number'],
  [{ priority: 0 }, 'priority must be a whole number from 1 to 100'],
  [{ priority: 101 }, 'priority must be a whole number from 1 to 100'],
  [{ offerAlgorithm: 'Random' }, 'offerAlgorithm must be one of: AgentPriorityAllAtOnce'],
  [{ offerAlgorithm: ['AllAtOnce'] }, 'offerAlgorithm must be one of'],
  [{ queueThresholds: [] }, 'queueThresholds must be an object'],
  [{ queueThresholds: 'x' }, 'queueThresholds must be an object'],
  [{ queueThresholds: { Sla: 1 } }, 'queueThresholds may only have the keys AvailableAgents, LongestWait'],
  [{ queueThresholds: { SlaPercentage: 101 } }, 'queueThresholds SlaPercentage must be a whole number from 0 to 100'],
  [{ queueThresholds: { LongestWait: null } }, 'queueThresholds LongestWait must be a whole number'],
  [{ doNotOfferTimeouts: { Email: -1 } }, 'doNotOfferTimeouts Email must be a whole number from 0 to 2592000'],
  [{ doNotOfferTimeouts: { Fax: 1 } }, 'doNotOfferTimeouts may only have the keys Callback, ContactForm'],
  [{ preferredAgentTimeouts: { Email: 2_592_001 } }, 'preferredAgentTimeouts Email must be a whole number'],
  [{ preferredAgentOfflineTimeout: 2_592_001 }, 'preferredAgentOfflineTimeout must be a whole number'],
  [{ personalAgentOfflineTimeout: {} }, 'personalAgentOfflineTimeout must be a whole number'],
  [{ isPreferredAgentEnabled: 'no' }, 'isPreferredAgentEnabled must be true or false'],
  [{ isRestricted: 0 }, 'isRestricted must be true or false'],
  [{ offerAbandonedConversations: [] }, 'offerAbandonedConversations must be true or false'],
];

describe('A malformed queue', () => {
  it.each<[unknown, string]>([
    ...FAULTY.map(([fault, reason]): [object, string] => [{ request: { ...REQUIRED, ...fault } }, reason]),
    ...Object.keys(REQUIRED).map((field): [object, string] => [
      { request: { ...REQUIRED, [field]: undefined } },
      `${field} must`,
    ]),
    [{}, 'request must be an object'],
    [REQUIRED, 'request must be an object'],
    [{ request: null }, 'request must be an object'],
    [{ request: [REQUIRED] }, 'request'],
    [{ request: 'x' }, 'request must be an object'],
    [[], 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['', 'must be a JSON object'],
    ['{"request":', 'malformed JSON'],
  ])('is not created from %j', async (body, reason) => {
    const api = await app.createTestOrganization();
    const answer = await api.post('/v1/queues', body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('Invalid value for: body');
    expect(answer.body.message).toContain(reason);
    expect(await eventsOf(api)).toEqual([]);
  });

  it.each<[unknown, string]>([
    ...FAULTY,
    [{ request: {} }, 'request is not a field of this request'],
    [{ offeringAlgorithm: 'AllAtOnce' }, 'offeringAlgorithm is not a field of this request'],
    [{ id: randomUUID() }, 'id is not a field of this request'],
    [[], 'must be a JSON object'],
    ['', 'must be a JSON object'],
  ])('does not come from the patch %j', async (body, reason) => {
    const api = await app.createTestOrganization();
    const id = await api.createQueue();
    const answer = await api.patch(`/v1/queues/${id}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('Invalid value for: body');
    expect(answer.body.message).toContain(reason);
    expect(await eventsOf(api)).toHaveLength(1);
  });
});

describe('A queue of another organization', () => {
  const OPERATIONS = [
    ['GET', '', undefined],
    ['PATCH', '', { name: 'x' }],
    ['PATCH', '', { isDefault: true }],
    ['DELETE', '', undefined],
    ['GET', '/members', undefined],
    ['PATCH', '/members', { agentIds: [randomUUID()] }],
    ['DELETE', '/members', { agentIds: [randomUUID()] }],
  ] as const;

  it.each(OPERATIONS)('does not exist for %s %s %j', async (method, path, body) => {
    const [owner, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const id = await owner.createQueue();
    const unknown = randomUUID();
    const foreign = await stranger.send(method, `/v1/queues/${id}${path}`, body);
    const missing = await stranger.send(method, `/v1/queues/${unknown}${path}`, body);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.body.message.replace(id, '')).toBe(missing.body.message.replace(unknown, ''));
    expect(await queues(stranger)).toEqual([]);
    expect(await eventsOf(owner)).toHaveLength(1);
    const malformed = await stranger.send(method, `/v1/queues/1${path}`, body);
    expect(malformed.status).toBe(400);
    expect(malformed.body.message).toBe('Invalid value for: path parameter queueId (must be a UUID)');
  });
});

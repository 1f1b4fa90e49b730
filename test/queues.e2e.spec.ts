import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { queueEvents } from './support/queue-events.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

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

const queues = async (api: ApiClient) =>
  (await api.get('/v1/queues')).body.data as { id: string; name: string; isDefault: boolean }[];

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
    expect(await queueEvents(app, api)).toHaveLength(1);
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
    expect(await queueEvents(app, api)).toEqual([]);
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
    expect(await queueEvents(app, api)).toHaveLength(1);
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
    expect(await queueEvents(app, owner)).toHaveLength(1);
    const malformed = await stranger.send(method, `/v1/queues/1${path}`, body);
    expect(malformed.status).toBe(400);
    expect(malformed.body.message).toBe('Invalid value for: path parameter queueId (must be a UUID)');
  });
});

import { randomUUID } from 'node:crypto';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { subscriptionStream } from '#libs/webhooks/subscriptions/subscription.stream.js';
import { type Answer, type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** What happens to an entity, one thing after the other. */
interface Story {
  resource: string;
  /** Creates it, and answers its path. */
  begin: (api: ApiClient) => Promise<string>;
  chapters: ((api: ApiClient, path: string) => Promise<Answer | undefined>)[];
}

const attribute = (entityType: string, identifier: string) => ({
  entityType,
  identifier,
  label: identifier,
  inputDefinition: { _type: 'Text' },
});
const idOfAttribute = async (api: ApiClient) => (await api.get('/v1/custom-attributes')).body.data[0].id as string;
const setValue = async (api: ApiClient, path: string, value: string | null) =>
  api.patch(`${path}/custom-attributes`, { [await idOfAttribute(api)]: value });
const renameAttribute = async (api: ApiClient, label: string) =>
  api.patch(`/v1/custom-attributes/${await idOfAttribute(api)}`, { label });
const agentId = async (api: ApiClient) => (await api.get('/v1/agents')).body.data[0].id as string;
const queueId = async (api: ApiClient) => (await api.get('/v1/queues')).body.data[0].id as string;
const tagId = async (api: ApiClient) => (await api.get('/v1/tags')).body.data[0].id as string;
const requester = async (api: ApiClient) => (await api.get('/v1/endusers')).body.data[0].id as string;

async function giveUp({ organizationId, actorId }: ApiClient, path: string): Promise<undefined> {
  const id = path.split('/').at(-1) as string;
  await app.runtime.store.handle(
    subscriptionStream,
    id,
    { organizationId, actorId },
    { type: 'DisableSubscription', id, reason: 'gone' },
  );
}

const QUEUE = { isDefault: true, callFunctionality: false, isDoNotOfferEnabled: false };

const STORIES: Story[] = [
  {
    resource: 'tags',
    begin: async (api) => `/v1/tags/${(await api.create('/v1/tags', { name: 'VIP', color: 'red' })).id}`,
    chapters: [
      (api, path) => api.patch(`${path}/deactivate`),
      (api) => api.post('/v1/tags', { name: 'à la carte' }),
      (api) => api.post('/v1/tags', { name: 'Zebra' }),
      (api, path) => api.patch(`${path}/activate`),
      (api, path) => api.delete(path),
    ],
  },
  {
    resource: 'teams',
    begin: async (api) => `/v1/teams/${await api.createTeam('Billing')}`,
    chapters: [
      (api) => api.post('/v1/teams', { name: 'billing' }),
      async (api, path) => api.patch(`${path}/agents`, { agentIds: [(await api.createAgent()).id] }),
      (api, path) => api.delete(path),
    ],
  },
  {
    resource: 'queues',
    begin: async (api) => `/v1/queues/${await api.createQueue({ isDefault: true, priority: 1 })}`,
    chapters: [
      (api, path) => api.patch(path, { priority: null, name: 'Sales', queueThresholds: { LongestWait: 5 } }),
      (api) => api.post('/v1/queues', { request: { ...QUEUE, name: 'Another' } }),
      (api, path) => api.patch(path, { queueThresholds: null, offerTimeout: 30 }),
      (api, path) => api.delete(path),
    ],
  },
  {
    resource: 'agents',
    begin: async (api) => `/v1/agents/${(await api.createAgent({ phoneNumber: '+4570123456' })).id}`,
    chapters: [
      (api, path) => api.patch(path, { displayName: 'Bob', additionalEmails: ['b@x.example'], phoneNumber: null }),
      (api, path) => api.put(path, { displayName: 'Robert' }),
      (api, path) => api.put(`${path}/presence`, { connectionStatus: 'Online' }),
      (api, path) => api.delete(path),
    ],
  },
  {
    resource: 'custom-attributes',
    begin: async (api) =>
      `/v1/custom-attributes/${(await api.create('/v1/custom-attributes', attribute('Contact', 'tier'))).id}`,
    chapters: [
      (api, path) => api.patch(path, { label: 'Tier', description: 'What they pay for.' }),
      (api, path) => api.patch(path, { description: null, isRequired: true }),
      (api, path) => api.patch(`${path}/archive`),
    ],
  },
  {
    resource: 'endusers',
    begin: async (api) => {
      await api.create('/v1/custom-attributes', attribute('Contact', 'tier'));
      const person = { displayName: 'Alice', email: 'alice@brown.example', externalId: 'crm-1' };
      return `/v1/endusers/${(await api.create('/v1/endusers', person)).id}`;
    },
    chapters: [
      (api, path) => setValue(api, path, 'gold'),
      (api) => renameAttribute(api, 'Tier'),
      (api) => api.post('/v1/custom-attributes', attribute('Conversation', 'unrelated')),
      (api, path) => api.patch(path, { email: null, additionalEmails: ['a@brown.example'], firstName: 'Alice' }),
      (api, path) => setValue(api, path, null),
      (api, path) => api.put(path, { displayName: 'Alice Brown' }),
    ],
  },
  {
    resource: 'conversations',
    begin: async (api) => {
      const { userId } = await createSupportTeam(api);
      await api.create('/v1/custom-attributes', attribute('Conversation', 'order'));
      return `/v1/conversations/${(await api.create('/v1/conversations', emailFrom(userId, { language: 'en' }))).id}`;
    },
    chapters: [
      async (api, path) => api.put(`${path}/claim`, { agentId: await agentId(api) }),
      (api, path) => setValue(api, path, 'A-1042'),
      (api) => renameAttribute(api, 'Order number'),
      async (api, path) => api.put(`${path}/tags/${await tagId(api)}`),
      async (api, path) => api.put(`${path}/transfer/queue`, { queueId: await queueId(api) }),
      (api, path) => api.put(`${path}/followup`, { timestamp: '2099-01-01T00:00:00Z' }),
      (api, path) => api.put(`${path}/reopen`, {}),
      async (api, path) => {
        const { id: parentId } = await api.create('/v1/conversations', emailFrom(await requester(api)));
        return api.put(`${path}/link`, { parentId, linkType: 'SideConversation' });
      },
      (api, path) => api.put(`${path}/close`, {}),
      (api, path) => api.put(`${path}/reopen`, {}),
    ],
  },
  {
    resource: 'webhooks',
    begin: async (api) => {
      const secrets = { customHeaders: { 'X-Tenant': 'acme' }, authorization: { _type: 'TokenAuth', value: 'hush' } };
      return `/v1/webhooks/${(await api.subscribe('http://127.0.0.1:9/', ['TagCreated'], secrets)).id}`;
    },
    chapters: [
      (api, path) => api.patch(path, { name: 'CRM', ordering: 'fifo', maxPerSecond: 5, customHeaders: { 'X-A': '1' } }),
      (api, path) => api.post(`${path}/rotate-secret`, {}),
      giveUp,
      (api, path) => api.patch(path, { url: 'http://127.0.0.1:10/' }),
      (api, path) => api.patch(path, { enabled: true, maxPerSecond: null }),
      (api, path) => api.delete(path),
    ],
  },
];
const LISTED = ['tags', 'teams', 'queues'];

/** When the last thing happened in the organization. */
async function lastInstant({ organizationId }: ApiClient): Promise<string> {
  const [row] = await app.database.sql<{ at: Date }>(
    'SELECT max(recorded_at) AS at FROM events WHERE organization_id = $1',
    [organizationId],
  );
  return (row as { at: Date }).at.toISOString();
}

/** As those see it who may only read. Health is no part of the past. */
async function answerOf(reader: ApiClient, path: string) {
  const { status, body } = await reader.get(path);
  if (status === 200 && !Array.isArray(body.data)) delete body.data.health;
  return status === 200 ? body : { status, code: body.code };
}

describe.each(STORIES)('The past of $resource', ({ resource, begin, chapters }) => {
  it('is answered as it was at each of its events', async () => {
    const api = await app.createTestOrganization();
    const reader = await app.clientWith([`${resource}:read` as never], api);
    const path = await begin(api);
    const paths = [path, ...(LISTED.includes(resource) ? [`/v1/${resource}`] : [])];
    const answers = new Map<string, unknown[]>();
    const remember = async () => {
      answers.set(await lastInstant(api), await Promise.all(paths.map((one) => answerOf(reader, one))));
    };
    await remember();
    for (const chapter of chapters) {
      const told = await chapter(api, path);
      if (told) expect(told.status).toBeLessThan(300);
      await remember();
    }
    expect(answers.size).toBeGreaterThan(1);
    for (const [instant, expected] of answers) {
      const past = await Promise.all(paths.map((one) => answerOf(reader, `${one}?asOf=${instant}`)));
      expect({ instant, past }).toEqual({ instant, past: expected });
    }
    const { headers } = await reader.get(`${path}?asOf=${[...answers.keys()][0]}`);
    expect(headers.get('etag')).toBeNull();
    const before = await reader.get(`${path}?asOf=2020-01-01T00:00:00%2B01:00`);
    expect(before.status).toBe(404);
    expect(before.body.message).toMatch(/did not exist at 2019-12-31T23:00:00.000Z; it was created at \d{4}-.*Z$/);
    const stranger = await app.createTestOrganization();
    expect((await stranger.get(`${path}?asOf=${[...answers.keys()][0]}`)).status).toBe(404);
  });
});

const COUNT = 40;

/** Every way in which entities that show `createdAt` come to be; each answers entities as they were shown. */
const CREATIONS: [string, string, (api: ApiClient) => Promise<any[]>][] = [
  ['end users', '/v1/endusers', (api) => many(() => api.create('/v1/endusers', {}))],
  ['end users in bulk', '/v1/endusers', (api) => inBulk(api, '/v1/endusers/bulk', () => ({}))],
  [
    'end users by external id',
    '/v1/endusers',
    (api) =>
      many(async (index) => {
        const { body } = await api.put(`/v1/endusers/external/crm-${index}`, { displayName: 'Alice' });
        return body.data;
      }),
  ],
  [
    'end users under a key',
    '/v1/endusers',
    (api) =>
      many(async () => {
        const headers = { 'idempotency-key': randomUUID() };
        return (await api.send('POST', '/v1/endusers', { displayName: 'Alice' }, headers)).body.data;
      }),
  ],
  ['agents', '/v1/agents', (api) => many(() => api.createAgent())],
  [
    'agents in bulk',
    '/v1/agents',
    (api) => inBulk(api, '/v1/agents/bulk', (index) => ({ displayName: 'Bob', email: `bob-${index}@acme.example` })),
  ],
  [
    'conversations',
    '/v1/conversations',
    async (api) => {
      const { userId } = await createSupportTeam(api);
      return many(async () => {
        const { id } = await api.create('/v1/conversations', emailFrom(userId));
        return (await api.get(`/v1/conversations/${id}`)).body.data;
      });
    },
  ],
  [
    'custom attributes',
    '/v1/custom-attributes',
    (api) => many((index) => api.create('/v1/custom-attributes', attribute('Contact', `tier-${index}`))),
  ],
  ['webhook subscriptions', '/v1/webhooks', (api) => many(() => api.subscribe('http://127.0.0.1:9/', ['TagCreated']))],
];

/** Half of them one after the other, the others all at once. */
async function many<T>(create: (index: number) => Promise<T>): Promise<T[]> {
  const created: T[] = [];
  for (let index = 0; index < COUNT / 2; index++) created.push(await create(index));
  return [...created, ...(await Promise.all(Array.from({ length: COUNT / 2 }, (_, index) => create(index + COUNT))))];
}

async function inBulk(api: ApiClient, path: string, item: (index: number) => object): Promise<any[]> {
  const outcomes = await api.create(path, { data: Array.from({ length: COUNT }, (_, index) => item(index)) });
  return outcomes.map(({ data }: { data: unknown }) => data);
}

describe('The instant at which it was created', () => {
  it.each(CREATIONS)('is one at which it was there: %s', async (_, path, create) => {
    const api = await app.createTestOrganization();
    const created = await create(api);
    const statuses = await Promise.all(
      created.map(async ({ id, createdAt }) => (await api.get(`${path}/${id}?asOf=${createdAt}`)).status),
    );
    expect(statuses).toEqual(Array.from({ length: COUNT }, () => 200));
    const before = await Promise.all(
      created.map(async ({ id, createdAt }) => {
        const asOf = new Date(Date.parse(createdAt) - 1).toISOString();
        return (await api.get(`${path}/${id}?asOf=${asOf}`)).status;
      }),
    );
    expect(before).toEqual(Array.from({ length: COUNT }, () => 404));
  });

  it('counts as such where an earlier version has recorded the creation some milliseconds later', async () => {
    const api = await app.createTestOrganization();
    const { id, createdAt } = await api.create('/v1/endusers', {});
    await recordedLater(`${endUserStream.category}-${id}`, 1, 3);
    expect((await api.get(`/v1/endusers/${id}?asOf=${createdAt}`)).status).toBe(200);
  });

  it('is never after that of a change, though the clock of who has created it is ahead', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.create('/v1/endusers', {});
    await recordedLater(`${endUserStream.category}-${id}`, 1, 3_000);
    await api.patch(`/v1/endusers/${id}`, { displayName: 'Alice' });
    const { body } = await api.get(`/v1/endusers/${id}/history`);
    const [changed, created] = body.data;
    expect(changed.recordedAt >= created.recordedAt).toBe(true);
    expect((await api.get(`/v1/endusers/${id}?asOf=${changed.recordedAt}`)).body.data.displayName).toBe('Alice');
  });
});

/** As the clock of another process would have it. */
async function recordedLater(stream: string, version: number, milliseconds: number): Promise<void> {
  await app.database.sql('ALTER TABLE events DISABLE TRIGGER events_are_immutable');
  await app.database.sql(
    `UPDATE events SET recorded_at = recorded_at + make_interval(secs => $3::float8 / 1000)
     WHERE stream = $1 AND version = $2`,
    [stream, version, milliseconds],
  );
  await app.database.sql('ALTER TABLE events ENABLE TRIGGER events_are_immutable');
  await app.database.sql('UPDATE end_users SET shape = 0');
}

describe('An instant of the past', () => {
  it.each([
    ['yesterday', 'must be an instant such as 2026-03-14T09:26:53Z'],
    ['2026-03-14', 'must be an instant such as 2026-03-14T09:26:53Z'],
    ['2026-02-30T00:00:00Z', 'must be an instant such as 2026-03-14T09:26:53Z'],
    ['', 'must not be empty'],
    ['2026-03-14T09:26:53Z&asOf=2026-03-14T09:26:54Z', 'must be sent once, or with the same value each time'],
    ['2999-01-01T00:00:00Z', 'must not lie in the future'],
  ])('is not %p', async (asOf, reason) => {
    const api = await app.createTestOrganization();
    for (const path of ['/v1/tags', `/v1/tags/${await api.createTag('VIP')}`]) {
      expect(await api.get(`${path}?asOf=${asOf}`)).toMatchObject({
        status: 400,
        body: { message: `Invalid value for: query parameter asOf (${reason})` },
      });
    }
  });

  it('goes with the filters of a list', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createTag('VIP');
    await api.patch(`/v1/tags/${id}/deactivate`);
    const asOf = await lastInstant(api);
    await api.patch(`/v1/tags/${id}/activate`);
    expect((await api.get(`/v1/tags?includeDeactivated=false&asOf=${asOf}`)).body.data).toEqual([]);
    expect((await api.get(`/v1/tags?asOf=${asOf}`)).body.data).toMatchObject([{ id, state: 'Inactive' }]);
  });

  it('includes what a slower clock has recorded before it, and all that came before that', async () => {
    const api = await app.createTestOrganization();
    const id = await api.createTag('VIP');
    await api.patch(`/v1/tags/${id}/deactivate`);
    await recordedLater(`tag-${id}`, 2, -3_600_000);
    const asOf = new Date(Date.now() - 1_800_000).toISOString();
    expect((await api.get(`/v1/tags/${id}?asOf=${asOf}`)).body.data).toMatchObject({ name: 'VIP', state: 'Inactive' });
  });
});

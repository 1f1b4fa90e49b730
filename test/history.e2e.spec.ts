import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { type Answer, type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());

const historyOf = async (api: ApiClient, path: string) => (await api.get(`${path}/history`)).body.data as any[];
const typesOf = (answer: Answer) => answer.body.data.map(({ type }: { type: string }) => type) as string[];

/** By resource: what happens to an entity until it is gone, or as good as gone, and the events that this leaves. */
const LIVES: [resource: string, live: (api: ApiClient) => Promise<string>, events: string[]][] = [
  [
    'tags',
    async (api) => {
      const path = `/v1/tags/${await api.createTag('VIP')}`;
      await api.patch(`${path}/deactivate`);
      await api.delete(path);
      return path;
    },
    ['TagDeleted', 'TagDeactivated', 'TagCreated'],
  ],
  [
    'teams',
    async (api) => {
      const path = `/v1/teams/${await api.createTeam('Billing')}`;
      await api.delete(path);
      return path;
    },
    ['TeamDeleted', 'TeamCreated'],
  ],
  [
    'queues',
    async (api) => {
      const path = `/v1/queues/${await api.createQueue()}`;
      await api.patch(path, { priority: 1 });
      await api.delete(path);
      return path;
    },
    ['QueueDeleted', 'QueueUpdated', 'QueueCreated'],
  ],
  [
    'agents',
    async (api) => {
      const path = `/v1/agents/${(await api.createAgent()).id}`;
      await api.put(`${path}/presence`, { connectionStatus: 'Online' });
      await api.delete(path);
      return path;
    },
    ['AgentRemoved', 'AgentCreated'],
  ],
  [
    'custom-attributes',
    async (api) => {
      const definition = { entityType: 'Contact', identifier: 'x', label: 'x', inputDefinition: { _type: 'Text' } };
      const path = `/v1/custom-attributes/${(await api.create('/v1/custom-attributes', definition)).id}`;
      await api.patch(`${path}/archive`);
      return path;
    },
    ['CustomAttributeArchived', 'CustomAttributeCreated'],
  ],
  [
    'endusers',
    async (api) => {
      const path = `/v1/endusers/${(await api.create('/v1/endusers', { displayName: 'Alice' })).id}`;
      await api.patch(path, { firstName: 'Alice' });
      return path;
    },
    ['EndUserUpdated', 'EndUserCreated'],
  ],
  [
    'conversations',
    async (api) => {
      const { userId } = await createSupportTeam(api);
      const path = `/v1/conversations/${(await api.create('/v1/conversations', emailFrom(userId))).id}`;
      await api.put(`${path}/close`, {});
      return path;
    },
    [
      'ConversationClosed',
      'ConversationAbandoned',
      'ConversationEnqueued',
      'ConversationMessageAdded',
      'ConversationCreated',
    ],
  ],
  [
    'webhooks',
    async (api) => {
      const path = `/v1/webhooks/${(await api.subscribe('http://127.0.0.1:9/', [])).id}`;
      await api.delete(path);
      return path;
    },
    ['WebhookSubscriptionDeleted', 'WebhookSubscriptionCreated'],
  ],
  [
    'tokens',
    async (api) => {
      const [path, other] = await Promise.all(
        ['one', 'two'].map(async (name) => {
          return `/v1/tokens/${(await api.create('/v1/tokens', { name, scopes: ['tags:read'] })).id}`;
        }),
      );
      await api.post(`${path}/rotate`, {});
      await api.delete(other as string);
      await api.delete(path as string);
      return path as string;
    },
    ['ApiTokenRevoked', 'ApiTokenRotated', 'ApiTokenIssued'],
  ],
];

describe.each(LIVES)('The history of %s', (resource, live, events) => {
  it('tells all that has happened, newest first, to those who may read them', async () => {
    const api = await app.createTestOrganization();
    const path = await live(api);
    const reader = await app.clientWith([`${resource}:read` as never], api);
    const answer = await reader.get(`${path}/history`);
    expect(answer.status).toBe(200);
    expect(typesOf(answer)).toEqual(events);
    const versions = answer.body.data.map(({ version }: { version: number }) => version) as number[];
    expect(versions).toEqual(versions.toSorted((one, other) => other - one));
    expect(JSON.stringify(answer.body)).not.toMatch(/"(tokenHash|secretKey)":"[^*]/);
    const [other] = LIVES.map(([name]) => name).filter((name) => name !== resource);
    const stranger = await app.clientWith([`${other}:read` as never], api);
    expect((await stranger.get(`${path}/history`)).body.message).toBe(`The API token lacks the scope ${resource}:read`);
  });

  it('does not exist for an entity that never did, or of another organization', async () => {
    const [api, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const path = await live(api);
    expect((await stranger.get(`${path}/history`)).status).toBe(404);
    const never = resource === 'conversations' ? 999_999_999 : randomUUID();
    expect(await api.get(`/v1/${resource}/${never}/history`)).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining(`${never} could not be found`) },
    });
    expect((await api.get(`/v1/${resource}/nonsense/history`)).status).toBe(400);
  });
});

describe('An entry of a history', () => {
  it('names the agent, the API token and the request', async () => {
    const admin = await app.createTestOrganization();
    const agent = await admin.createAgent({ displayName: 'Bob' });
    const { organizationId } = admin;
    const bob = await app.clientWith(['tags:write', 'agents:read'], { organizationId, actorId: agent.id } as ApiClient);
    const requestId = 'my-request-1';
    const created = await bob.send('POST', '/v1/tags', { name: 'VIP' }, { 'x-request-id': requestId });
    const [event] = await historyOf(bob, `/v1/tags/${created.body.data.id}`);
    expect(event).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'TagCreated',
      version: 1,
      recordedAt: expect.stringMatching(/Z$/),
      actor: { id: agent.id, name: 'Bob' },
      token: { id: expect.any(String), name: 'test' },
      requestId,
      data: { id: created.body.data.id, name: 'VIP' },
    });
    await admin.delete(`/v1/agents/${agent.id}`);
    const [later] = await historyOf(bob, `/v1/tags/${created.body.data.id}`);
    expect(later.actor).toEqual({ id: agent.id });
  });

  it('never shows the secrets of a webhook subscription', async () => {
    const api = await app.createTestOrganization();
    const secret = (name: string) => `${name}-${randomUUID()}`;
    const [user, password, header, token] = ['user', 'password', 'header', 'token'].map(secret);
    const authorization = { _type: 'BasicAuth', username: user, password };
    const { id, secretKey } = await api.subscribe('http://127.0.0.1:9/', [], {
      authorization,
      customHeaders: { 'X-Tenant': header },
    });
    await api.patch(`/v1/webhooks/${id}`, { authorization: { _type: 'TokenAuth', value: token } });
    const rotated = await api.post(`/v1/webhooks/${id}/rotate-secret`, {});
    const answer = await api.get(`/v1/webhooks/${id}/history`);
    const [rotation, change, creation] = answer.body.data;
    expect(rotation.data).toEqual({ id, secretKey: '***', previousUntil: expect.any(String) });
    expect(change.data).toEqual({ id, authorization: { _type: '***', value: '***' } });
    expect(creation.data).toMatchObject({ secretKey: '***', customHeaders: { 'X-Tenant': '***' } });
    for (const hidden of [user, password, header, token, secretKey, rotated.body.data.secretKey]) {
      expect(JSON.stringify(answer.body)).not.toContain(hidden);
    }
  });

  it('has its data in the newest shape', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe('http://127.0.0.1:9/', []);
    await app.database.sql('ALTER TABLE events DISABLE TRIGGER events_are_immutable');
    await app.database.sql(
      `UPDATE events SET schema_version = 1, data = data - 'ordering' - 'maxPerSecond' WHERE stream = $1`,
      [`webhookSubscription-${id}`],
    );
    await app.database.sql('ALTER TABLE events ENABLE TRIGGER events_are_immutable');
    const [event] = await historyOf(api, `/v1/webhooks/${id}`);
    expect(event.data).toMatchObject({ ordering: 'unordered', maxPerSecond: null });
  });

  it('has no personal data once it is anonymized, and neither has the past', async () => {
    const api = await app.createTestOrganization();
    const { userId } = await createSupportTeam(api);
    const { id: conversationId } = await api.create('/v1/conversations', emailFrom(userId));
    const [user, conversation] = [`/v1/endusers/${userId}`, `/v1/conversations/${conversationId}`];
    await api.patch(user, { firstName: 'Alice' });
    const [change, creation] = await historyOf(api, user);
    expect(creation.data.person).toMatchObject({ email: 'alice@brown.example' });
    expect(change).not.toHaveProperty('redacted');
    await api.patch(`${user}/anonymize?force=true`);
    await waitFor('anonymization', async () => (await historyOf(api, user)).length === 4);

    const [done, requested, changed, created] = await historyOf(api, user);
    expect(created).toEqual({ ...creation, data: { id: userId, createdAt: creation.data.createdAt }, redacted: true });
    expect(changed).toEqual({ ...change, data: { id: userId }, redacted: true });
    for (const event of [done, requested]) expect(event).not.toHaveProperty('redacted');
    const [begun] = (await historyOf(api, conversation)).slice(-1);
    expect(begun).toMatchObject({ type: 'ConversationCreated', redacted: true });
    expect(begun.data).not.toHaveProperty('details');

    const nobody = {
      additionalEmails: [],
      additionalPhoneNumbers: [],
      additionalExternalIds: [],
      middleNames: [],
      customAttributes: [],
      updatedAt: change.recordedAt,
    };
    expect((await api.get(`${user}?asOf=${change.recordedAt}`)).body.data).toEqual({
      id: userId,
      createdAt: creation.data.createdAt,
      ...nobody,
    });
    const past = (await api.get(`${conversation}?asOf=${begun.recordedAt}`)).body.data;
    expect(past).toMatchObject({ _type: 'AnonymizedConversation', state: 'Open', customAttributes: [] });
    expect(past.anonymizedAt).toBe((await api.get(conversation)).body.data.anonymizedAt);
  });
});

describe('A long history', () => {
  it('is read page by page, to its end and back', async () => {
    const api = await app.createTestOrganization();
    const path = `/v1/tags/${await api.createTag('VIP')}`;
    for (let turn = 0; turn < 3; turn++) {
      await api.patch(`${path}/deactivate`);
      await api.patch(`${path}/activate`);
    }
    const follow = (link: string) => api.get(link.slice(app.url.length));
    const versions = ({ body }: Answer) => body.data.map(({ version }: { version: number }) => version) as number[];
    const first = await api.get(`${path}/history?pageLimit=3`);
    expect(versions(first)).toEqual([7, 6, 5]);
    expect(first.body.meta).not.toHaveProperty('previous');
    const second = await follow(first.body.meta.next as string);
    expect(versions(second)).toEqual([4, 3, 2]);
    const last = await follow(second.body.meta.next as string);
    expect(versions(last)).toEqual([1]);
    expect(last.body.meta).not.toHaveProperty('next');
    expect(versions(await follow(second.body.meta.previous as string))).toEqual([7, 6, 5]);
    expect((await api.get(`${path}/history?pageLimit=0`)).status).toBe(400);
    expect((await api.get(`${path}/history?pageKey=nonsense`)).status).toBe(400);
  });
});

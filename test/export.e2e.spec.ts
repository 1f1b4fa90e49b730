import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { holdUp } from './support/hold-up.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());

const exportOf = async (api: ApiClient, userId: string) => {
  const answer = await api.get(`/v1/endusers/${userId}/export`);
  expect(answer.status).toBe(200);
  return answer.body.data;
};
const typesOf = (history: { type: string }[]) => history.map(({ type }) => type);

/** An end user with a value, and a conversation with a value and a tag. */
async function knownPerson(api: ApiClient) {
  const attribute = (entityType: string, identifier: string) =>
    api.create('/v1/custom-attributes', {
      entityType,
      identifier,
      label: identifier,
      inputDefinition: { _type: 'Text' },
    });
  const [tier, order] = [await attribute('Contact', 'tier'), await attribute('Conversation', 'order')];
  const { userId, tagId, agentId } = await createSupportTeam(api);
  await api.patch(`/v1/endusers/${userId}`, { additionalEmails: ['alice@home.example'], externalId: 'crm-1' });
  await api.patch(`/v1/endusers/${userId}/custom-attributes`, { [tier.id]: 'gold' });
  const { id: conversationId } = await api.create('/v1/conversations', emailFrom(userId));
  await api.put(`/v1/conversations/${conversationId}/tags/${tagId}`);
  await api.patch(`/v1/conversations/${conversationId}/custom-attributes`, { [order.id]: 'A-1042' });
  return { userId, conversationId, agentId };
}

describe('The export of an end user', () => {
  it('is a file with everything that is held about the person', async () => {
    const api = await app.createTestOrganization();
    const { userId, conversationId } = await knownPerson(api);
    const answer = await api.get(`/v1/endusers/${userId}/export`);
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="enduser-${userId}.json"`);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const authorization = `Bearer ${api.token}`;
    const head = await fetch(`${app.url}/v1/endusers/${userId}/export`, { method: 'HEAD', headers: { authorization } });
    expect(head.status).toBe(200);
    const { data } = answer.body;
    expect(Object.keys(answer.body)).toEqual(['data']);
    expect(data.endUser).toEqual((await api.get(`/v1/endusers/${userId}`)).body.data);
    expect(data.addresses).toEqual(
      expect.arrayContaining([
        { kind: 'email', value: 'alice@brown.example', field: 'email' },
        { kind: 'email', value: 'alice@home.example', field: 'additionalEmails' },
        { kind: 'externalId', value: 'crm-1', field: 'externalId' },
        { kind: 'phone', value: '+4570123456', field: 'phoneNumber' },
      ]),
    );
    const history = (await api.get(`/v1/endusers/${userId}/history`)).body.data;
    expect(data.history).toEqual(history.toReversed().map((event: object) => ({ ...event, deliveries: [] })));
    expect(data.anonymizationRequests).toEqual([]);

    const [conversation, ...others] = data.conversations;
    expect(others).toEqual([]);
    expect(conversation.conversation).toEqual((await api.get(`/v1/conversations/${conversationId}`)).body.data);
    expect(conversation.conversation.customAttributes).toMatchObject([{ value: 'A-1042' }]);
    expect(conversation.tags).toEqual(['VIP']);
    expect(conversation.messages).toEqual((await api.get(`/v1/conversations/${conversationId}/messages`)).body.data);
    expect(typesOf(conversation.history)).toEqual([
      'ConversationCreated',
      'ConversationMessageAdded',
      'ConversationEnqueued',
      'ConversationTagAdded',
      'ConversationCustomAttributeUpdated',
    ]);
  });

  it('holds all conversations, oldest first, however many, and nobody else’s', async () => {
    const api = await app.createTestOrganization();
    const { userId } = await createSupportTeam(api);
    const stranger = await api.create('/v1/endusers', { email: 'eve@x.example' });
    await api.create('/v1/conversations', emailFrom(stranger.id));
    const ids: number[] = [];
    for (let number = 0; number < 101; number++) {
      ids.push((await api.create('/v1/conversations', emailFrom(userId, { subject: `No. ${number}` }))).id);
    }
    const { conversations } = await exportOf(api, userId);
    expect(conversations.map((one: any) => one.conversation.id)).toEqual(ids);
    expect(conversations.map((one: any) => one.conversation.subject)).toEqual(ids.map((_, index) => `No. ${index}`));
    for (const { history } of conversations) expect(history[0].type).toBe('ConversationCreated');
    expect((await exportOf(api, (await api.create('/v1/endusers', {})).id)).conversations).toEqual([]);
  });

  it('holds each message once, and each history in full', async () => {
    const api = await app.createTestOrganization();
    const { userId } = await createSupportTeam(api);
    const { id } = await api.create('/v1/conversations', emailFrom(userId));
    for (let turn = 0; turn < 12; turn++) {
      await api.put(`/v1/conversations/${id}/${turn % 2 ? 'reopen' : 'close'}`, {});
      await api.patch(`/v1/endusers/${userId}`, { displayName: `Alice ${turn}` });
    }
    const data = await exportOf(api, userId);
    const [{ messages, history }] = data.conversations;
    expect(messages[0].attributes.emailContent.content.value).toBe('It has not arrived.');
    expect(JSON.stringify(data).split('It has not arrived.')).toHaveLength(2);
    for (const [path, events] of [
      [`/v1/conversations/${id}/history`, history],
      [`/v1/endusers/${userId}/history`, data.history],
    ]) {
      const ids = ((await api.get(path)).body.data as { id: string }[]).map((event) => event.id);
      expect(ids.length).toBeGreaterThan(12);
      expect(events.map((event: { id: string }) => event.id)).toEqual(ids.toReversed());
    }
  });

  it('is one at a time in each organization, until it is read or its client is gone', async () => {
    const [api, other] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { userId } = await createSupportTeam(api);
    const stranger = await other.create('/v1/endusers', {});
    const path = `/v1/endusers/${userId}/export`;
    const release = await holdUp(app, 'LOCK TABLE webhook_deliveries IN ACCESS EXCLUSIVE MODE');
    const first = api.get(path);
    const ofOther = other.get(`/v1/endusers/${stranger.id}/export`);
    const refused = await release(() => api.get(path));
    expect(refused).toMatchObject({ status: 429, body: { message: expect.stringContaining('is under way') } });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect([(await first).status, (await ofOther).status]).toEqual([200, 200]);

    const releaseAgain = await holdUp(app, 'LOCK TABLE webhook_deliveries IN ACCESS EXCLUSIVE MODE');
    const client = new AbortController();
    const gone = api.send('GET', path, undefined, {}, client.signal);
    await releaseAgain(async () => {
      client.abort();
      await expect(gone).rejects.toThrow();
    });
    await waitFor('the place to be free', async () => (await api.get(path)).status === 200);
    expect((await api.get(`/v1/endusers/${randomUUID()}/export`)).status).toBe(404);
    await exportOf(api, userId);
  });

  it('tells to whom events were delivered', async () => {
    const api = await app.createTestOrganization();
    const receiver = await startWebhookReceiver();
    const { id } = await api.subscribe(receiver.url, ['EndUserCreated', 'ConversationCreated'], { name: 'CRM' });
    const { userId } = await createSupportTeam(api);
    await api.create('/v1/conversations', emailFrom(userId));
    const deliveries = await waitFor('deliveries', async () => {
      const { history, conversations } = await exportOf(api, userId);
      const all = [history[0].deliveries[0], conversations[0].history[0].deliveries[0]];
      return all.every((delivery) => delivery?.state === 'delivered') && all;
    });
    for (const delivery of deliveries) {
      expect(delivery).toMatchObject({ subscriptionId: id, subscriptionName: 'CRM', finishedAt: expect.any(String) });
    }
    await api.delete(`/v1/webhooks/${id}`);
    const [
      {
        deliveries: [late],
      },
    ] = (await exportOf(api, userId)).history;
    expect(late).toMatchObject({ subscriptionId: id, state: 'delivered' });
    expect(late).not.toHaveProperty('subscriptionName');
    await receiver.close();
  });

  it('holds what is left after anonymization, with the requests', async () => {
    const api = await app.createTestOrganization();
    const { userId, conversationId } = await knownPerson(api);
    await api.put(`/v1/conversations/${conversationId}/close`, {});
    const alone = (await api.patch(`/v1/conversations/${conversationId}/anonymize`)).body.data;
    const user = (await api.patch(`/v1/endusers/${userId}/anonymize`)).body.data;
    for (const { id } of [alone, user]) {
      const path = `/v1/anonymization/request/${id}`;
      await waitFor('anonymization', async () => (await api.get(path)).body.data.processedAt);
    }
    const data = await exportOf(api, userId);
    expect(data.endUser).toEqual((await api.get(`/v1/endusers/${userId}`)).body.data);
    expect(data.addresses).toEqual([]);
    expect(data.anonymizationRequests).toMatchObject([{ id: user.id, entity: 'User', requestedBy: api.actorId }]);
    const [conversation] = data.conversations;
    expect(conversation.conversation._type).toBe('AnonymizedConversation');
    expect(conversation).not.toHaveProperty('message');
    expect(conversation.anonymizationRequests).toMatchObject([{ id: alone.id, processedAt: expect.any(String) }]);
    for (const personal of ['alice', '+45', 'gold', 'A-1042', 'arrived', 'crm-1']) {
      expect(JSON.stringify(data).toLowerCase()).not.toContain(personal.toLowerCase());
    }
  });

  it('needs both scopes', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.create('/v1/endusers', {});
    for (const [scopes, missing] of [
      [['endusers:write'], 'conversations:read'],
      [['conversations:write'], 'endusers:read'],
    ] as const) {
      const answer = await (await app.clientWith([...scopes], api)).get(`/v1/endusers/${id}/export`);
      expect(answer).toMatchObject({ status: 403, body: { message: `The API token lacks the scope ${missing}` } });
    }
    await exportOf(await app.clientWith(['endusers:read', 'conversations:read'], api), id);
  });

  it('does not exist for those who never did, or of another organization', async () => {
    const [api, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { id } = await api.create('/v1/endusers', {});
    expect((await stranger.get(`/v1/endusers/${id}/export`)).status).toBe(404);
    expect((await api.get(`/v1/endusers/${randomUUID()}/export`)).status).toBe(404);
  });

  it('breaks off when it cannot go on, rather than look complete', async () => {
    const api = await app.createTestOrganization();
    const { userId, conversationId } = await knownPerson(api);
    await app.database.sql(`UPDATE stream_keys SET sealed_key = 'broken' WHERE stream = $1`, [
      `conversation-${conversationId}`,
    ]);
    await expect(api.get(`/v1/endusers/${userId}/export`)).rejects.toThrow();
    expect((await api.get(`/v1/endusers/${userId}`)).status).toBe(200);
  });
});

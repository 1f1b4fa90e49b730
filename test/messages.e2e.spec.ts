import { randomUUID } from 'node:crypto';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { FirstMessages } from '#libs/conversations/first-messages.js';
import { organizationStream } from '#libs/organizations/organization.stream.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, inbound, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
let id: number;

beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  await begin();
});

async function begin() {
  team = await createSupportTeam(api);
  id = (await api.create('/v1/conversations', emailFrom(team.userId))).id;
}

const pathOf = (conversation = id) => `/v1/conversations/${conversation}/messages`;
const messages = async (conversation = id) => (await api.get(pathOf(conversation))).body.data;
const get = async (conversation = id) => (await api.get(`/v1/conversations/${conversation}`)).body.data;
const add = async (message: object, conversation = id): Promise<any> =>
  (await api.post(pathOf(conversation), message)).body.data;
const follow = (link: string) => api.get(link.slice(new URL(link).origin.length));
const close = () => api.put(`/v1/conversations/${id}/close`, {});
const textOf = ({ attributes }: any) => (attributes.emailContent?.content ?? attributes.content)?.value;

describe('The messages of a conversation', () => {
  it('begin with its first one', async () => {
    const [first, ...others] = await messages();
    expect(others).toEqual([]);
    expect(first).toEqual({
      id: expect.any(String),
      authorId: team.userId,
      createdAt: expect.stringMatching(/Z$/),
      attributes: {
        _type: 'EmailAttributes',
        direction: 'Inbound',
        attachments: [],
        emailContent: { _type: 'Regular', content: { _type: 'Text', value: 'It has not arrived.' } },
        from: { email: 'alice@brown.example' },
        to: [{ email: 'support@acme.example' }],
        isAutoReply: false,
      },
    });
  });

  it('are added from both sides, with copies and attachments', async () => {
    const carl = await api.create('/v1/endusers', { displayName: 'Carl', email: 'carl@x.example' });
    const file = {
      url: 'https://files.acme.example/a.pdf',
      prettyName: 'a.pdf',
      contentType: 'application/pdf',
      size: 48_213,
    };
    const answer = await api.post(pathOf(), {
      ...outboundBy(team.agentId),
      attachments: [file],
      cc: [carl.id],
      integrationEmail: 'billing@acme.example',
      externalId: 'm-1',
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        data: {
          conversationId: id,
          authorId: team.agentId,
          direction: 'Outbound',
          externalId: 'm-1',
          content: { _type: 'Text', value: 'Hello' },
        },
      },
    });
    const [, second] = await messages();
    expect(second).toMatchObject({
      id: answer.body.data.messageId,
      externalId: 'm-1',
      attributes: {
        attachments: [file],
        from: { email: 'billing@acme.example' },
        to: [{ email: 'alice@brown.example' }],
        cc: [{ email: 'carl@x.example', name: 'Carl' }],
      },
    });
  });

  it('are shown by the type of the channel', async () => {
    const widgetId = randomUUID();
    const chat = { _type: 'Chat', requesterId: team.userId, widgetId, message: inbound() };
    const sms = { _type: 'Sms', requesterId: team.userId, contactEndpointId: '+4578787878', message: inbound() };
    const callback = {
      _type: 'Callback',
      requesterId: team.userId,
      contactEndpointId: '+4578787878',
      direction: 'Inbound',
      queueId: team.queueId,
    };
    const typeIn = async (input: object) => {
      const conversation = (await api.create('/v1/conversations', input)).id;
      await add(inbound('Are you there?'), conversation);
      return (await messages(conversation)).at(-1);
    };
    expect((await typeIn(chat)).attributes).toMatchObject({ _type: 'ChatAttributes', isAutomated: false });
    expect((await typeIn(sms)).attributes._type).toBe('SmsAttributes');
    expect(await typeIn(callback)).toMatchObject({
      attributes: { _type: 'GenericAttributes', content: { value: 'Are you there?' } },
    });
  });

  it('show HTML as it was sent, and without what could run', async () => {
    const value =
      '<p onclick="x()">Hi <img src=x onerror=alert(1)><script>alert(2)</script><a href="javascript:a">a</a></p>';
    const answer = await add({ _type: 'Inbound', content: { _type: 'Html', value, sanitizedValue: '<script>' } });
    expect(answer.content).toEqual({
      _type: 'Html',
      value,
      sanitizedValue: expect.stringMatching(/^<p>Hi <img \/><a [^>]*>a<\/a><\/p>$/),
    });
    expect((await messages())[1].attributes.emailContent.content).toEqual(answer.content);
    expect(answer.content.sanitizedValue).not.toMatch(/javascript|onerror|script/);
  });

  it('come in the order in which they were written, in pages', async () => {
    for (let hour = 10; hour < 16; hour++) {
      await add({ ...inbound(`at ${hour}`), createdAt: `2026-03-14T${hour}:00:00Z` });
    }
    const texts = (data: any[]) => data.map(textOf);
    const first = await api.get(`${pathOf()}?pageLimit=4`);
    expect(texts(first.body.data)).toEqual(['at 10', 'at 11', 'at 12', 'at 13']);
    const second = await follow(first.body.meta.next);
    expect(texts(second.body.data)).toEqual(['at 14', 'at 15', 'It has not arrived.']);
    expect(second.body.meta).not.toHaveProperty('next');
    const back = await follow(second.body.meta.previous);
    expect(texts(back.body.data)).toEqual(texts(first.body.data));
  });

  it('end a page when they are long', async () => {
    const long = 'x'.repeat(100_000);
    for (let sent = 0; sent < 51; sent++) await add(inbound(long));
    const first = await api.get(pathOf());
    expect(first.body.data).toHaveLength(50);
    expect((await follow(first.body.meta.next)).body.data).toHaveLength(2);
  });

  it('are added once for each external id', async () => {
    const message = { ...inbound('once'), externalId: 'm-1' };
    const [one, two] = await Promise.all([add(message), add(message)]);
    expect(two).toEqual(one);
    expect(await add({ ...inbound('changed'), externalId: 'm-1' })).toEqual(one);
    expect(await messages()).toHaveLength(2);
    const other = (await api.create('/v1/conversations', emailFrom(team.userId))).id;
    expect((await add(message, other)).messageId).not.toBe(one.messageId);
  });

  it('open their conversation again, and tell since when the end user waits', async () => {
    await api.put(`/v1/conversations/${id}/claim`, { agentId: team.agentId });
    const { awaitingReplySince } = await get();
    expect(awaitingReplySince).toBe((await messages())[0].createdAt);
    await add(outboundBy(team.agentId));
    expect(await get()).not.toHaveProperty('awaitingReplySince');
    await close();
    await add({ ...inbound('an old one'), createdAt: '2026-03-14T09:26:53Z' });
    expect((await get()).state).toBe('Closed');
    const { createdAt } = await add(inbound('Thanks'));
    expect(await get()).toMatchObject({
      state: 'Open',
      awaitingReplySince: createdAt,
      lastMessageAt: createdAt,
      assignment: { agentId: team.agentId },
    });
  });

  it('are refused with the reason when they cannot be added', async () => {
    const refusedWith = async (message: object, path = pathOf()) => {
      const { status, body } = await api.post(path, message);
      return [status, body.message];
    };
    const nobody = randomUUID();
    expect(await refusedWith(inbound(), pathOf(999_999))).toEqual([404, 'Conversation 999999 could not be found']);
    expect(await refusedWith(outboundBy(nobody))).toEqual([404, `Agent ${nobody} could not be found`]);
    expect(await refusedWith({ ...outboundBy(team.agentId), cc: [nobody] })).toEqual([
      404,
      `End user ${nobody} could not be found`,
    ]);
    expect(await refusedWith({ ...inbound(), createdAt: '2099-01-01T00:00:00Z' })).toEqual([
      400,
      'Invalid value for: body (createdAt must not be in the future)',
    ]);
    for (const [file, reason] of [
      [{ url: 'http://169.254.169.254/latest' }, 'url must have a public address'],
      [{ url: 'http://0x7f.1/a' }, 'url must have a public address'],
      [{ url: 'http://[::1]/a' }, 'url must have a public address'],
      [{ url: 'https://user:secret@files.example/a' }, 'url must not contain credentials'],
      [{ url: 'javascript:alert(1)' }, 'url must be an http or https URL'],
      [{ url: 'https://files.example/a', contentType: 'pdf' }, 'contentType must be a media type'],
      [{ url: 'https://files.example/a', size: -1 }, 'size must be a whole number from 0'],
    ] as const) {
      const [status, message] = await refusedWith({ ...inbound(), attachments: [file] });
      expect([status, message]).toEqual([400, expect.stringContaining(reason)]);
    }
    expect(await refusedWith({ _type: 'Inbound' })).toEqual([400, expect.stringContaining('content')]);
    expect(await messages()).toHaveLength(1);
  });

  it('are delivered to subscribers with the conversation', async () => {
    const receiver = await startWebhookReceiver();
    await api.subscribe(receiver.url, ['ConversationMessageAdded']);
    const { messageId } = await add(outboundBy(team.agentId));
    await waitFor('the delivery', () => receiver.received.length === 1);
    expect(receiver.received[0]?.payload).toMatchObject({
      event_fqn: 'CONVERSATION_MESSAGE_ADDED',
      event_id: messageId,
      data: {
        conversation: { csid: id },
        author: { id: team.agentId, user_type: 'Member' },
        message: { id: messageId, direction: 'OUTBOUND', content: { type: 'TEXT', value: 'Hello' }, attachments: [] },
      },
    });
    await receiver.close();
  });
});

describe('A message in a closed conversation, where follow-ups are wanted', () => {
  // Before anything reads the settings, which processes keep for some seconds.
  beforeEach(async () => {
    api = await app.createTestOrganization();
    const { organizationId, actorId } = api;
    const command = { type: 'SetRepliesToClosed', id: organizationId, replies: 'FollowUp' } as const;
    await app.runtime.store.handle(organizationStream, organizationId, { organizationId, actorId }, command);
    await begin();
    await close();
  });

  it('begins a conversation that follows it up, and the next ones go there', async () => {
    const { conversationId } = await add(inbound('One more thing'));
    expect(conversationId).not.toBe(id);
    expect(await get()).toMatchObject({ state: 'Closed' });
    expect(await get(conversationId)).toMatchObject({
      state: 'Open',
      subject: 'Where is my order?',
      fromEmail: 'alice@brown.example',
      link: { _type: 'FollowUp', parentId: id },
      queue: { id: team.queueId },
    });
    expect((await add(inbound('And another'))).conversationId).toBe(conversationId);
    expect((await messages(conversationId)).map(textOf)).toEqual(['One more thing', 'And another']);
    expect(await messages()).toHaveLength(1);
  });

  it('is added once for each external id, however often it is sent, and begins one follow-up', async () => {
    const sent = await Promise.all([1, 2, 3].map((number) => add({ ...inbound('x'), externalId: `m-${number % 2}` })));
    expect(new Set(sent.map(({ conversationId }) => conversationId)).size).toBe(1);
    expect(await messages(sent[0].conversationId)).toHaveLength(2);
  });
});

describe('A message that is anonymized', () => {
  const anonymize = (messageId: string, conversation = id) =>
    api.patch(`${pathOf(conversation)}/${messageId}/anonymize`);
  const processed = (requestId: string) =>
    waitFor('the anonymization', async () => {
      const { body } = await api.get(`/v1/anonymization/request/${requestId}`);
      return body.data.processedAt !== undefined;
    });

  it('loses its content alone, everywhere', async () => {
    const receiver = await startWebhookReceiver();
    receiver.answerWith(200, 'thanks for 4242');
    const subscription = await api.subscribe(receiver.url, ['ConversationMessageAdded']);
    const secret = { ...inbound('My card ends with 4242'), externalId: 'card-4242' };
    const { messageId } = (await api.send('POST', pathOf(), secret, { 'idempotency-key': randomUUID() })).body.data;
    await waitFor('its delivery', () => receiver.received.length === 1);
    receiver.answerWith(200, 'thanks');
    const { messageId: otherId } = await add(inbound('and my name is Alice'));
    await waitFor('the other delivery', () => receiver.received.length === 2);

    const answer = await anonymize(messageId);
    expect(answer).toMatchObject({
      status: 202,
      body: { data: { _type: 'Message', entityType: 'MessageAnonymizationType', targetEntityId: messageId } },
    });
    await processed(answer.body.data.id);
    expect((await messages()).slice(1)).toMatchObject([
      { id: messageId, attributes: { _type: 'GenericAttributes', direction: 'Inbound' } },
      { id: otherId, attributes: { _type: 'EmailAttributes' } },
    ]);
    const seen = [
      (await api.get(pathOf())).body,
      (await api.get(`/v1/conversations/${id}/history`)).body,
      (await api.get('/v1/events?pageLimit=200')).body,
      (await api.get(`/v1/webhooks/${subscription.id}/delivery-status/logs/ConversationMessageAdded`)).body,
      (await api.get(`/v1/endusers/${team.userId}/export`)).body,
    ].map((body) => JSON.stringify(body));
    for (const text of seen) {
      expect(text).not.toContain('4242');
      expect(text).toContain('my name is Alice');
    }
    expect((await anonymize(messageId)).status).toBe(409);
    expect((await anonymize(randomUUID())).status).toBe(404);
    const other = (await api.create('/v1/conversations', emailFrom(team.userId))).id;
    expect((await anonymize(otherId, other)).status).toBe(404);
    await receiver.close();
  });

  it('is asked for at the door of all kinds, too', async () => {
    const [{ id: messageId }] = await messages();
    const door = (input: object) => api.post('/v1/anonymization', input);
    expect(await door({ _type: 'Message', entityId: messageId })).toMatchObject({
      status: 202,
      body: { data: { _type: 'Message', targetEntityId: messageId } },
    });
    const older = { entityId: String(id), entityType: 'ConversationAnonymizationType' };
    expect((await door(older)).status).toBe(409);
    expect(await door({ ...older, forceAnonymization: true })).toMatchObject({
      status: 202,
      body: { data: { _type: 'Conversation', targetEntityId: String(id) } },
    });
    expect((await door({ _type: 'User', entityId: team.userId })).body.data).toMatchObject({ _type: 'User' });
    for (const [input, reason] of [
      [{ entityId: messageId }, '_type must be one of: Conversation, Message, User'],
      [{ _type: 'Conversation', entityId: messageId }, 'entityId must be the number of a conversation'],
      [{ _type: 'User', entityId: '7' }, 'entityId must be a UUID'],
      [{ _type: 'User', entityId: team.userId, entityType: 'Plan' }, 'entityType must be one of'],
      [
        { _type: 'User', entityId: team.userId, entityType: 'MessageAnonymizationType' },
        'entityType must be the same as _type',
      ],
    ] as const) {
      const { status, body } = await door(input);
      expect([status, body.message]).toEqual([400, expect.stringContaining(reason)]);
    }
  });
});

describe('The first message of a conversation from before messages had events of their own', () => {
  const first = { id: randomUUID(), direction: 'Inbound' as const, attachments: [] };

  /** Appends what the version before has recorded, without what it did not know. */
  async function beginAsBefore(value: string): Promise<number> {
    const number = Number((await api.create('/v1/conversations', emailFrom(team.userId))).id) + 100_000;
    const message = { ...first, id: randomUUID(), authorId: team.userId, content: { _type: 'Text' as const, value } };
    const data = {
      id: number,
      requesterId: team.userId,
      channel: 'Email' as const,
      direction: 'Inbound' as const,
      createdAt: '2026-03-14T09:26:53.589Z',
      details: { subject: 'Help', fromEmail: 'alice@brown.example', toEmail: 'support@acme.example', message },
    };
    const { organizationId, actorId } = api;
    const event = { type: 'ConversationCreated' as const, data };
    await app.runtime.store.append(conversationStream, String(number), 0, [event], { organizationId, actorId });
    return number;
  }
  const listAgain = async () => {
    await app.database.sql(
      `WITH listed AS (DELETE FROM conversation_messages WHERE version = 1 RETURNING id)
       DELETE FROM conversation_texts WHERE id IN (SELECT id FROM listed)`,
    );
    await app.database.sql('TRUNCATE renewed_tables');
    await app.get(FirstMessages).run();
  };

  it('is listed by an update, once', async () => {
    const number = await beginAsBefore('From before');
    await add(inbound('Hello?'), number);
    expect((await messages(number)).map(textOf)).toEqual(['From before', 'Hello?']);
    await listAgain();
    await app.get(FirstMessages).run();
    expect((await messages(number)).map(textOf)).toEqual(['From before', 'Hello?']);
    expect((await get(number)).awaitingReplySince).toBe('2026-03-14T09:26:53.589Z');
    const found = await api.get('/v1/search/conversations?query=from+before');
    expect(found.body.data).toMatchObject([{ id: number }]);
  });

  it('goes with its conversation, and not alone', async () => {
    const number = await beginAsBefore('From before');
    const [{ id: messageId }] = await messages(number);
    const alone = await api.patch(`${pathOf(number)}/${messageId}/anonymize`);
    expect(alone).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('anonymize the conversation') },
    });
    const { organizationId, actorId } = api;
    const context = { organizationId, actorId };
    const command = { type: 'AnonymizeConversation', id: number } as const;
    await app.runtime.store.handle(conversationStream, String(number), context, command);
    expect(await messages(number)).toEqual([]);
    await listAgain();
    expect(await messages(number)).toEqual([]);
  });
});

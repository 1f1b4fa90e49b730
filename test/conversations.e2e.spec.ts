import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, inbound, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let stranger: ApiClient;
let team: SupportTeam;
beforeAll(async () => {
  app = await startTestApp();
  [api, stranger] = await Promise.all([app.createTestOrganization(), app.createTestOrganization()]);
  team = await createSupportTeam(api);
});
afterAll(() => app.close());

const create = async (input: object): Promise<number> => (await api.create('/v1/conversations', input)).id;
const get = async (id: number) => (await api.get(`/v1/conversations/${id}`)).body.data;
const put = (id: number, action: string, body: object = {}) => api.put(`/v1/conversations/${id}/${action}`, body);
const BEGUN = ['ConversationCreated', 'ConversationMessageAdded', 'ConversationEnqueued'];
const typesOf = async (id: number) =>
  (await app.database.sql('SELECT type FROM events WHERE stream = $1 ORDER BY version', [`conversation-${id}`])).map(
    (row) => (row as { type: string }).type,
  );
const INSTANT = expect.stringMatching(/^\d{4}-.*Z$/);

describe('Conversations', () => {
  it('that end users begin by e-mail wait in the default queue', async () => {
    const id = await create(emailFrom(team.userId, { language: 'en' }));
    expect(await get(id)).toEqual({
      _type: 'EmailConversation',
      id,
      requesterId: team.userId,
      channel: 'Email',
      direction: 'Inbound',
      state: 'Open',
      createdAt: INSTANT,
      stateUpdatedAt: INSTANT,
      lastMessageAt: INSTANT,
      awaitingReplySince: INSTANT,
      queue: { id: team.queueId, queuedAt: INSTANT },
      fromEmail: 'alice@brown.example',
      toEmail: 'support@acme.example',
      integrationEmail: 'support@acme.example',
      subject: 'Where is my order?',
      language: 'en',
      customAttributes: [],
    });
  });

  it('that agents begin are assigned to them and wait nowhere', async () => {
    const id = await create({
      _type: 'Sms',
      requesterId: team.userId,
      contactEndpointId: '+4578787878',
      message: outboundBy(team.agentId),
    });
    const conversation = await get(id);
    expect(conversation).toMatchObject({
      _type: 'SmsConversation',
      direction: 'Outbound',
      fromNumber: '+4578787878',
      toNumber: '+4570123456',
      assignment: { agentId: team.agentId, assignedAt: INSTANT },
    });
    expect(conversation).not.toHaveProperty('queue');
  });

  it('come in five variants', async () => {
    const browserInfo = { name: 'Firefox', version: null, ipAddress: '203.0.113.7' };
    const chat = await create({
      _type: 'Chat',
      requesterId: team.userId,
      widgetId: randomUUID(),
      browserInfo,
      message: inbound(),
    });
    expect(await get(chat)).toMatchObject({
      _type: 'ChatConversation',
      channel: 'WidgetChat',
      browserInfo: { name: 'Firefox', ipAddress: '203.0.113.7' },
    });
    const form = await create(emailFrom(team.userId, { _type: 'ContactForm' }));
    expect(await get(form)).toMatchObject({ _type: 'ContactFormConversation', channel: 'ContactForm' });
    const callback = await create({
      _type: 'Callback',
      requesterId: team.userId,
      direction: 'Inbound',
      contactEndpointId: '+4578787878',
      queueId: team.otherQueueId,
    });
    expect(await get(callback)).toMatchObject({
      _type: 'PstnPhoneConversation',
      channel: 'Callback',
      queue: { id: team.otherQueueId },
    });
  });

  it('are claimed, transferred, closed and reopened, with an event for each change only', async () => {
    const id = await create(emailFrom(team.userId));
    expect((await put(id, 'claim', { agentId: team.agentId })).status).toBe(204);
    expect((await put(id, 'claim', { agentId: team.agentId })).status).toBe(204);
    expect(await get(id)).toMatchObject({ assignment: { agentId: team.agentId }, queue: { id: team.queueId } });
    const taken = await put(id, 'claim', { agentId: team.otherAgentId });
    expect(taken.status).toBe(409);
    expect(taken.body.message).toContain(team.agentId);
    expect((await put(id, 'claim', { agentId: team.otherAgentId, force: true })).status).toBe(204);
    expect((await put(id, 'transfer/queue', { queueId: team.otherQueueId, userId: team.agentId })).status).toBe(204);
    const transferred = await get(id);
    expect(transferred.queue).toEqual({ id: team.otherQueueId, queuedAt: INSTANT });
    expect(transferred).not.toHaveProperty('assignment');
    for (const action of ['close', 'close', 'reopen', 'reopen']) expect((await put(id, action)).status).toBe(204);
    expect(await typesOf(id)).toEqual([
      'ConversationCreated',
      'ConversationMessageAdded',
      'ConversationEnqueued',
      'ConversationAssigned',
      'ConversationUnassigned',
      'ConversationAssigned',
      'ConversationUnassigned',
      'ConversationTransferred',
      'ConversationEnqueued',
      'ConversationClosed',
      'ConversationOpen',
      'ConversationEnqueued',
    ]);
  });

  it('are reopened in the default queue when theirs is gone', async () => {
    const id = await create(emailFrom(team.userId));
    const { id: gone } = await api.create('/v1/queues', {
      request: { name: 'Gone', isDefault: false, callFunctionality: false, isDoNotOfferEnabled: false },
    });
    await put(id, 'transfer/queue', { queueId: gone });
    expect((await api.delete(`/v1/queues/${gone}`)).status).toBe(409);
    await put(id, 'close');
    expect((await api.delete(`/v1/queues/${gone}`)).status).toBe(204);
    await put(id, 'reopen');
    expect((await get(id)).queue).toEqual({ id: team.queueId, queuedAt: INSTANT });
  });

  it('that are closed cannot be claimed, transferred or set aside', async () => {
    const id = await create(emailFrom(team.userId));
    await put(id, 'close');
    const timestamp = '2099-01-01T00:00:00Z';
    for (const [action, body] of [
      ['claim', { agentId: team.agentId }],
      ['transfer/queue', { queueId: team.otherQueueId }],
      ['followup', { timestamp }],
    ] as const) {
      const answer = await put(id, action, body);
      expect(answer.status).toBe(409);
      expect(answer.body.message).toBe(`Conversation ${id} is closed; reopen it first`);
    }
    expect((await get(id)).state).toBe('Closed');
  });

  it('are set aside until a time in the future', async () => {
    const id = await create(emailFrom(team.userId));
    expect((await put(id, 'followup', { timestamp: '2099-01-01T00:00:00+01:00' })).status).toBe(204);
    expect(await get(id)).toMatchObject({ state: 'Pending', queue: { id: team.queueId } });
    const past = await put(id, 'followup', { timestamp: '2020-01-01T00:00:00Z' });
    expect(past.status).toBe(400);
    expect(past.body.message).toContain('timestamp must be in the future');
    await put(id, 'reopen');
    expect((await get(id)).queue.queuedAt).toEqual(INSTANT);
  });

  it('have tags that are put on and taken off any number of times', async () => {
    const id = await create(emailFrom(team.userId));
    const path = `/v1/conversations/${id}/tags`;
    const second = await api.createTag('Refund');
    for (const tagId of [second, team.tagId, second]) expect((await api.put(`${path}/${tagId}`)).status).toBe(204);
    expect((await api.get(path)).body.data.map((tag: { name: string }) => tag.name)).toEqual(['Refund', 'VIP']);
    for (let i = 0; i < 2; i++) expect((await api.delete(`${path}/${second}`)).status).toBe(204);
    expect((await api.get(path)).body.data).toHaveLength(1);
    await api.delete(`/v1/tags/${team.tagId}`);
    expect((await api.get(path)).body.data).toEqual([]);
    team.tagId = await api.createTag('VIP');
    const inactive = await api.createTag('old');
    await api.patch(`/v1/tags/${inactive}/deactivate`);
    const answer = await api.put(`${path}/${inactive}`);
    expect(answer.status).toBe(409);
    expect(answer.body.message).toBe('Tag old is inactive and cannot be put on conversations');
  });

  it('have custom attributes, patched as a whole or not at all', async () => {
    const attribute = (label: string, inputDefinition: object) =>
      api.create('/v1/custom-attributes', { entityType: 'Conversation', identifier: label, label, inputDefinition });
    const order = await attribute('order', { _type: 'Text' });
    const options = [{ label: 'Shop', value: 'shop', nestedOptions: [{ label: 'Web', value: 'web' }] }];
    const origin = await attribute('origin', { _type: 'Select', options });
    const id = await create(emailFrom(team.userId));
    const path = `/v1/conversations/${id}/custom-attributes`;
    const patched = await api.patch(path, { [order.id]: 'A-1', [origin.id]: ['shop', 'web'] });
    expect(patched.status).toBe(200);
    expect(patched.body.data).toEqual([
      { id: order.id, name: 'order', identifier: 'order', value: 'A-1' },
      { id: origin.id, name: 'origin', identifier: 'origin', value: ['shop', 'web'] },
    ]);
    expect((await get(id)).customAttributes).toEqual(patched.body.data);
    const refused = await api.patch(path, { [order.id]: 'A-2', [origin.id]: ['shop'] });
    expect(refused.status).toBe(400);
    expect((await get(id)).customAttributes).toEqual(patched.body.data);
    await api.patch(path, { [order.id]: null });
    expect((await get(id)).customAttributes).toEqual([patched.body.data[1]]);
  });

  it('belong to one another, in no circle', async () => {
    const [parent, child, grandchild] = [
      await create(emailFrom(team.userId)),
      await create(emailFrom(team.userId)),
      await create(emailFrom(team.userId)),
    ];
    expect((await put(child, 'link', { parentId: parent, linkType: 'SideConversation' })).status).toBe(204);
    expect((await put(grandchild, 'link', { parentId: child, linkType: 'Related' })).status).toBe(204);
    expect((await get(child)).link).toEqual({ _type: 'SideConversation', parentId: parent });
    expect((await get(grandchild)).link).toEqual({ _type: 'FollowUp', parentId: child });
    const linked = (await api.get(`/v1/conversations/${child}/linked`)).body.data;
    expect(linked.map(({ id }: { id: number }) => id)).toEqual([parent, grandchild]);
    expect((await put(parent, 'link', { parentId: grandchild, linkType: 'Related' })).status).toBe(409);
    expect((await put(child, 'link', { parentId: grandchild, linkType: 'Related' })).status).toBe(409);
    expect((await put(parent, 'link', { parentId: parent, linkType: 'Related' })).status).toBe(400);
    expect((await put(parent, 'link', { parentId: 999_999_999, linkType: 'Related' })).status).toBe(404);
  });

  it('linked to one another at once are linked one way', async () => {
    for (let round = 0; round < 10; round++) {
      const [one, other] = [await create(emailFrom(team.userId)), await create(emailFrom(team.userId))];
      const answers = await Promise.all([
        put(one, 'link', { parentId: other, linkType: 'Related' }),
        put(other, 'link', { parentId: one, linkType: 'Related' }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    }
  });

  it('of an agent who is removed wait in a queue again, those closed when they are reopened', async () => {
    const agent = await api.createAgent();
    const [open, closed] = [await create(emailFrom(team.userId)), await create(emailFrom(team.userId))];
    for (const id of [open, closed]) await put(id, 'claim', { agentId: agent.id });
    await put(closed, 'close');
    expect((await api.delete(`/v1/agents/${agent.id}`)).status).toBe(204);
    expect(await get(open)).toMatchObject({ state: 'Open', queue: { id: team.queueId, queuedAt: INSTANT } });
    expect(await get(open)).not.toHaveProperty('assignment');
    await put(closed, 'reopen');
    expect(await get(closed)).toMatchObject({ state: 'Open', queue: { id: team.queueId, queuedAt: INSTANT } });
    expect(await get(closed)).not.toHaveProperty('assignment');
  });

  it('of an end user are listed newest first, page by page, while new ones arrive', async () => {
    const { id: userId } = await api.create('/v1/endusers', { displayName: 'Dan', email: 'dan@x.example' });
    const ids: number[] = [];
    for (let i = 0; i < 7; i++) ids.unshift(await create(emailFrom(userId)));
    const idsOf = (answer: { body: any }) => answer.body.data.map(({ id }: { id: number }) => id);
    const first = await api.get(`/v1/endusers/${userId}/conversations?pageLimit=3`);
    expect(idsOf(first)).toEqual(ids.slice(0, 3));
    expect(first.body.data[0]).not.toHaveProperty('customAttributes');
    expect(first.body.meta).toEqual({ next: expect.stringMatching(/^http:\/\//) });
    await create(emailFrom(userId));
    const follow = (url: string) => api.get(url.slice(new URL(url).origin.length));
    const second = await follow(first.body.meta.next);
    expect(idsOf(second)).toEqual(ids.slice(3, 6));
    const third = await follow(second.body.meta.next);
    expect(idsOf(third)).toEqual(ids.slice(6));
    expect(third.body.meta).not.toHaveProperty('next');
    expect(idsOf(await follow(second.body.meta.previous))).toEqual(ids.slice(0, 3));
  });

  it('of nobody are a 404, of an end user without any an empty list', async () => {
    const { id } = await api.create('/v1/endusers', { displayName: 'Eve' });
    expect((await api.get(`/v1/endusers/${id}/conversations`)).body).toEqual({ data: [], meta: {} });
    expect((await api.get(`/v1/endusers/${randomUUID()}/conversations`)).status).toBe(404);
    expect((await stranger.get(`/v1/endusers/${id}/conversations`)).status).toBe(404);
  });

  it('claimed by many at once go to one', async () => {
    const id = await create(emailFrom(team.userId));
    const agents = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        api.create('/v1/agents', { displayName: `a${i}`, email: `racing-${i}@acme.example` }),
      ),
    );
    const answers = await Promise.all(agents.map((agent) => put(id, 'claim', { agentId: agent.id })));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
    const winner = agents[answers.findIndex(({ status }) => status === 204)];
    expect((await get(id)).assignment.agentId).toBe(winner.id);
  });

  it('of another organization do not exist', async () => {
    const id = await create(emailFrom(team.userId));
    const missing = 999_999_999;
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '/close', {}],
      ['PUT', '/reopen', {}],
      ['PUT', '/followup', { timestamp: '2099-01-01T00:00:00Z' }],
      ['GET', '/tags', undefined],
      ['PATCH', '/custom-attributes', {}],
      ['GET', '/linked', undefined],
      ['PATCH', '/anonymize', undefined],
    ] as const) {
      const foreign = await stranger.send(method, `/v1/conversations/${id}${path}`, body);
      const unknown = await stranger.send(method, `/v1/conversations/${missing}${path}`, body);
      expect([foreign.status, unknown.status]).toEqual([404, 404]);
      expect(foreign.body.message.replace(String(id), '')).toBe(unknown.body.message.replace(String(missing), ''));
    }
    const theirs = await createSupportTeam(stranger);
    for (const [action, body] of [
      ['claim', { agentId: theirs.agentId }],
      ['transfer/queue', { queueId: theirs.queueId }],
      [`tags/${theirs.tagId}`, {}],
      ['close', { userId: theirs.agentId }],
    ] as const) {
      expect((await put(id, action, body)).status).toBe(404);
    }
    expect(await typesOf(id)).toEqual(BEGUN);
  });

  const sms = { _type: 'Sms', contactEndpointId: '+4578787878', message: inbound() };
  const valid = emailFrom('01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a');
  it.each([
    [undefined, 400, 'must be a JSON object'],
    [{}, 400, '_type must be one of: Callback, Chat, ContactForm, Email, Sms'],
    [{ ...valid, _type: 'Fax' }, 400, '_type must be one of'],
    [{ ...valid, _type: '__proto__' }, 400, '_type must be one of'],
    [{ ...valid, _type: ['Email'] }, 400, '_type must be one of'],
    [{ ...valid, requesterId: 'x' }, 400, 'requesterId must be a UUID'],
    [{ ...valid, requesterId: null }, 400, 'requesterId must be a string'],
    [valid, 404, 'End user'],
    [{ ...valid, emailIntegrationId: 'nobody' }, 400, 'emailIntegrationId must be an e-mail address'],
    [{ ...valid, subject: 'x'.repeat(1025) }, 400, 'subject must have at most 1024 characters'],
    [{ ...valid, subject: '' }, 400, 'subject must not be empty'],
    [{ ...valid, message: undefined }, 400, 'message must be an object'],
    [{ ...valid, message: [] }, 400, 'message must be an object'],
    [{ ...valid, message: [null] }, 400, 'message must be an object'],
    [{ ...valid, message: { _type: 'Inbound', content: [null] } }, 400, 'message.content must be an object'],
    [{ ...valid, message: { _type: 'Inbound' } }, 400, 'message.content must be an object'],
    [{ ...valid, message: { _type: 'Sideways' } }, 400, 'message._type must be one of: Inbound, Outbound'],
    [{ ...valid, message: { _type: 'Inbound', content: { _type: 'Text' } } }, 400, 'message.content.value'],
    [{ ...valid, message: { _type: 'Inbound', content: { _type: 'Text', value: 5 } } }, 400, 'must be a string'],
    [{ ...valid, message: { ...inbound(), attachments: [5] } }, 400, 'message.attachments'],
    [{ ...valid, message: { ...inbound(), attachments: [{ url: 'ftp://x' }] } }, 400, 'http or https URL'],
    [{ ...valid, message: { _type: 'Outbound' } }, 400, 'message.agentId'],
    [{ ...sms, contactEndpointId: '' }, 400, 'contactEndpointId must not be empty'],
  ])('are not created from %j', async (body, status, reason) => {
    const answer = await api.post('/v1/conversations', body);
    expect(answer.status).toBe(status);
    expect(answer.body.message).toContain(reason);
  });

  it('need a requester who can be reached on the channel', async () => {
    const { id } = await api.create('/v1/endusers', { displayName: 'Nobody' });
    const mail = await api.post('/v1/conversations', emailFrom(id));
    expect(mail.status).toBe(400);
    expect(mail.body.message).toBe('Invalid value for: body (requesterId names an end user without e-mail address)');
    expect((await api.post('/v1/conversations', { ...sms, requesterId: id })).status).toBe(400);
    const outbound = { ...emailFrom(team.userId), message: outboundBy(randomUUID()) };
    expect((await api.post('/v1/conversations', outbound)).status).toBe(404);
  });

  it.each(['0', '-1', '1.5', 'abc', '%00'])('have no number %s', async (id) => {
    const answer = await api.get(`/v1/conversations/${id}`);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('conversationId');
  });

  it.each([
    ['claim', {}, 'agentId must be a string'],
    ['claim', { agentId: 'x' }, 'agentId must be a UUID'],
    ['claim', { agentId: randomUUID(), force: 'yes' }, 'force must be true or false'],
    ['transfer/queue', {}, 'queueId must be a string'],
    ['followup', {}, 'timestamp must be a string'],
    ['followup', { timestamp: 'tomorrow' }, 'timestamp must be an instant'],
    ['followup', { timestamp: '2099-01-01' }, 'timestamp must be an instant'],
    ['followup', { timestamp: '2099-02-30T00:00:00Z' }, 'timestamp must be an instant'],
    ['followup', { timestamp: 4_070_908_800 }, 'timestamp must be a string'],
    ['followup', { timestamp: '9999-12-31T23:59:59-12:00' }, 'timestamp must be an instant'],
    ['link', { parentId: '1', linkType: 'Related' }, 'parentId must be a positive whole number'],
    ['link', { parentId: 1, linkType: 'Sibling' }, 'linkType must be one of'],
    ['close', { userId: 'x' }, 'userId must be a UUID'],
  ])('are not changed by %s with %j', async (action, body, reason) => {
    const id = await create(emailFrom(team.userId));
    const answer = await put(id, action, body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect(await typesOf(id)).toEqual(BEGUN);
  });
});

import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type ApiClient } from './support/api-client.js';
import { dumpOf } from './support/dump.js';
import { createSupportTeam, emailFrom, inbound, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

/** What the end user writes and what is written about her; none of it occurs anywhere else. */
const SAID = {
  subject: 'Wobbling teapot',
  first: 'The spout of my teapot fell off',
  chat: 'Is anybody there, in Quibbleton?',
  answer: 'We send you a new spout, Zaphira',
  note: 'Zaphira sounded left-handed',
  again: 'The new spout is crooked',
  comment: 'Crooked, but friendly',
};
const PERSON = { displayName: 'Zaphira Quibblesworth', email: 'zaphira@quibblesworth.example' };
const WORDS = [...Object.values(SAID), ...Object.values(PERSON)];

/** A day of a support team: each step is a request, and each is told in four ways. The tests depend on their order. */
describe('A day of a support team', () => {
  let app: TestApp;
  let api: ApiClient;
  let team: SupportTeam;
  let receiver: WebhookReceiver;
  let userId: string;
  let mail: number;
  let chat: number;
  let answered: string;

  beforeAll(async () => {
    [app, receiver] = await Promise.all([startTestApp({ worker: true }), startWebhookReceiver()]);
    api = await app.createTestOrganization();
    team = await createSupportTeam(api);
    const types = (await ok(api.get('/v1/webhooks/event-types'))) as { name: string; produced: boolean }[];
    const events = types.filter(({ name, produced }) => produced && name.startsWith('Conversation'));
    const names = events.map(({ name }) => name);
    await api.subscribe(receiver.url, names, { ordering: 'fifo' });
    userId = (await ok(api.post('/v1/endusers', PERSON))).id;
  });
  afterAll(async () => {
    await Promise.all([app.close(), receiver.close()]);
  });

  async function ok(answer: Promise<{ status: number; body: any }>): Promise<any> {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body?.data;
  }
  const on = (id: number) => ({
    get: (rest = '') => ok(api.get(`/v1/conversations/${id}${rest}`)),
    put: (rest: string, body: object = {}) => ok(api.put(`/v1/conversations/${id}${rest}`, body)),
    post: (rest: string, body: object) => ok(api.post(`/v1/conversations/${id}${rest}`, body)),
  });
  const typesOf = (id: number) =>
    receiver.received
      .filter(({ payload }) => (payload.data as unknown as { conversation: { csid: number } }).conversation.csid === id)
      .map(({ payload }) => payload.event_fqn);

  it('has mail and chat come in, claimed, answered, noted, transferred, closed, rated and opened again', async () => {
    const { agentId: bob, otherAgentId: carol } = team;
    mail = (
      await ok(
        api.post('/v1/conversations', emailFrom(userId, { subject: SAID.subject, message: inbound(SAID.first) })),
      )
    ).id;
    const widget = { _type: 'Chat', requesterId: userId, widgetId: randomUUID(), message: inbound(SAID.chat) };
    chat = (await ok(api.post('/v1/conversations', widget))).id;
    expect((await ok(api.get(`/v1/queues/${team.queueId}/conversations`))).map(({ id }: any) => id)).toEqual([
      mail,
      chat,
    ]);

    await on(mail).put('/claim', { agentId: bob });
    await on(mail).post('/messages', { ...outboundBy(bob), content: { _type: 'Text', value: SAID.answer } });
    expect(await on(mail).get()).not.toHaveProperty('awaitingReplySince');
    answered = new Date().toISOString();
    await on(mail).post('/notes', { message: SAID.note, agentId: bob });
    await on(mail).put(`/tags/${team.tagId}`);
    await on(mail).put('/transfer/queue', { queueId: team.otherQueueId, userId: bob });
    await on(mail).put('/claim', { agentId: carol });
    await on(mail).put('/close', { userId: carol });
    const offer = await on(mail).post('/ratings/offer', { agentId: carol, userId, ratingType: 'Csat' });
    const result = { ratingResult: { _type: 'Csat', value: 2 }, comment: SAID.comment };
    await on(mail).post(`/ratings/${offer.id}/submit`, result);
    await on(mail).post('/messages', inbound(SAID.again));
    expect(await on(mail).get()).toMatchObject({ state: 'Open', assignment: { agentId: carol } });
    await on(chat).put('/claim', { agentId: bob });
    await on(chat).put('/close', { userId: bob });
  });

  it('has every step arrive at a receiver, in order', async () => {
    const steps = [
      ...['CONVERSATION_CREATED', 'CONVERSATION_MESSAGE_ADDED', 'CONVERSATION_ENQUEUED', 'CONVERSATION_ASSIGNED'],
      ...['CONVERSATION_MESSAGE_ADDED', 'CONVERSATION_NOTE_ADDED', 'CONVERSATION_TAG_ADDED'],
      ...['CONVERSATION_UNASSIGNED', 'CONVERSATION_TRANSFERRED', 'CONVERSATION_ENQUEUED', 'CONVERSATION_ASSIGNED'],
      ...['CONVERSATION_CLOSED', 'CONVERSATION_RATING_OFFERED', 'CONVERSATION_RATED', 'CONVERSATION_MESSAGE_ADDED'],
      'CONVERSATION_OPEN',
    ];
    await waitFor('all deliveries', () => receiver.received.length === steps.length + 5);
    expect(typesOf(mail)).toEqual(steps);
    expect(typesOf(chat)).toEqual([...steps.slice(0, 4), 'CONVERSATION_CLOSED']);
    const times = receiver.received.map(({ payload }) => payload.event_timestamp as string);
    expect(times).toEqual(times.toSorted());
  });

  it('is told by the activity log as by the history', async () => {
    const log = (await on(mail).get('/activitylog')) as { id: string; _type: string }[];
    expect(log.map(({ _type }) => _type)).toEqual([
      ...['ConversationCreatedByCustomer', 'MessageAddedByCustomer', 'ConversationClaimed', 'MessageAddedByAgent'],
      ...['NoteAdded', 'TagAdded', 'ConversationUnassigned', 'TransferSuccessful', 'ConversationClaimed'],
      ...['ConversationClosed', 'ConversationRatingOffered', 'ConversationRated', 'MessageAddedByCustomer'],
      'ConversationReopened',
    ]);
    const history = ((await on(mail).get('/history')) as { id: string; type: string }[]).toReversed();
    const told = new Set(log.map(({ id }) => id));
    expect(history.filter(({ id }) => told.has(id)).map(({ id }) => id)).toEqual(log.map(({ id }) => id));
    expect(history.filter(({ id }) => !told.has(id)).map(({ type }) => type)).toEqual([
      'ConversationEnqueued',
      'ConversationEnqueued',
    ]);
    const then = await on(mail).get(`?asOf=${answered}`);
    expect(then).toMatchObject({ state: 'Open', assignment: { agentId: team.agentId } });
    expect(then).not.toHaveProperty('awaitingReplySince');
    const whole = (await ok(api.get('/v1/conversations/activitylog?pageLimit=10000'))) as { conversationId: number }[];
    expect(whole.filter(({ conversationId }) => conversationId === mail)).toEqual(log);
  });

  it('is in the export of the end user, all of it', async () => {
    const { conversations } = await ok(api.get(`/v1/endusers/${userId}/export`));
    expect(conversations.map(({ messages }: any) => messages.length)).toEqual([3, 1]);
    const text = JSON.stringify(conversations);
    for (const said of Object.values(SAID)) expect(text).toContain(said);
  });

  it('leaves nothing in a dump once the end user is anonymized', async () => {
    const dump = () => dumpOf((text) => app.database.sql(text));
    const found = (text: string) => WORDS.filter((word) => text.includes(word));
    expect(found(await dump())).toEqual(expect.arrayContaining([SAID.first, SAID.answer, PERSON.email]));
    const request = await ok(api.patch(`/v1/endusers/${userId}/anonymize?force=true`));
    await waitFor('the anonymization', async () => {
      const { processedAt } = await ok(api.get(`/v1/anonymization/request/${request.id}`));
      return processedAt !== undefined;
    });
    expect(found(await dump())).toEqual([]);
    expect(await on(mail).get('/messages')).toMatchObject(
      Array.from({ length: 3 }, () => ({ attributes: { _type: 'GenericAttributes' } })),
    );
    expect((await on(mail).get('/ratings'))[0]).toMatchObject({ ratingScore: 2 });
  });
});

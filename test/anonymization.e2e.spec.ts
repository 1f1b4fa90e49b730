import { randomUUID } from 'node:crypto';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { READ_TABLES } from '#libs/resources/resources.js';
import { type ApiClient } from './support/api-client.js';
import { dumpOf } from './support/dump.js';
import { createSupportTeam, emailFrom, inbound, type SupportTeam } from './support/support-team.js';
import { tableRows } from './support/table-rows.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
});

/** What a person can be recognized by; none of it occurs anywhere else. */
const SECRETS = {
  displayName: 'Zaphira Quibblesworth',
  email: 'zaphira@quibblesworth.example',
  phoneNumber: '+4520112233',
  firstName: 'Zaphira',
  lastName: 'Quibblesworth',
  middleNames: ['Xanthippe'],
  additionalEmails: ['zq-private@hidden.example'],
  additionalPhoneNumbers: ['+4520112244'],
  avatarUrl: 'https://pictures.example/zaphira-face.png',
  externalId: 'crm-zq-778899',
};
const WORDS = [...Object.values(SECRETS).flat(), 'Wobbling teapot', 'spout fell off', '198.51.100.77', 'left-handed'];

/** An end user of whom every place knows something: events, rows, deliveries, and what a receiver answered. */
async function createKnownPerson(receiverUrl: string) {
  await api.subscribe(receiverUrl, [
    'EndUserCreated',
    'EndUserUpdated',
    'EndUserCustomAttributesUpdated',
    'EndUserAnonymized',
    'ConversationCreated',
    'ConversationClosed',
    'ConversationCustomAttributeUpdated',
  ]);
  const { externalId, ...others } = SECRETS;
  const user = await api.create('/v1/endusers', others);
  await api.patch(`/v1/endusers/${user.id}`, { externalId });
  const attributes = await Promise.all(
    ['Contact', 'Conversation'].map((entityType) =>
      api.create('/v1/custom-attributes', {
        entityType,
        identifier: 'note',
        label: 'Note',
        inputDefinition: { _type: 'Text' },
      }),
    ),
  );
  await api.patch(`/v1/endusers/${user.id}/custom-attributes`, { [attributes[0].id]: 'left-handed' });
  const mail = emailFrom(user.id, { subject: 'Wobbling teapot', message: inbound('The spout fell off.') });
  const { id: mailId } = await api.create('/v1/conversations', mail);
  await api.patch(`/v1/conversations/${mailId}/custom-attributes`, { [attributes[1].id]: 'left-handed' });
  const { id: chatId } = await api.create('/v1/conversations', {
    _type: 'Chat',
    requesterId: user.id,
    widgetId: randomUUID(),
    browserInfo: { name: 'Firefox', ipAddress: '198.51.100.77' },
    message: inbound('The spout fell off.'),
  });
  return { userId: user.id as string, mailId: mailId as number, chatId: chatId as number };
}

const dump = () => dumpOf((text) => app.database.sql(text));
const processed = (requestId: string) =>
  waitFor('the request to be processed', async () => {
    const { body } = await api.get(`/v1/anonymization/request/${requestId}`);
    return body.data.processedAt && body.data;
  });
const found = (text: string) => WORDS.filter((word) => text.toLowerCase().includes(word.toLowerCase()));

describe('Anonymizing an end user', () => {
  it('leaves no trace of the person in the database, nor after all projections are rebuilt', async () => {
    const receiver = await startWebhookReceiver();
    receiver.answerWith(200, 'thanks, Zaphira Quibblesworth');
    const { userId, mailId, chatId } = await createKnownPerson(receiver.url);
    await waitFor('all deliveries', () => receiver.received.length === 6);
    await waitFor('the answers to be recorded', async () => {
      const rows = await app.database.sql('SELECT FROM webhook_attempts WHERE organization_id = $1', [
        api.organizationId,
      ]);
      return rows.length === 6;
    });
    expect(found(await dump()).length).toBeGreaterThan(5);
    // Payloads may be kept no longer when answers to late attempts still are.
    await app.database.sql(`DELETE FROM webhook_messages WHERE event_name = 'EndUserCreated'`);

    expect((await api.patch(`/v1/endusers/${userId}/anonymize`)).status).toBe(409);
    const requested = await api.patch(`/v1/endusers/${userId}/anonymize?force=true`);
    expect(requested.status).toBe(202);
    expect(requested.body.data).toMatchObject({
      entityType: 'UserAnonymizationType',
      _type: 'User',
      targetEntityId: userId,
      requestedBy: api.actorId,
    });
    const request = await processed(requested.body.data.id);
    expect(request).toEqual({ ...requested.body.data, processedAt: expect.stringMatching(/Z$/) });
    expect(found(await dump())).toEqual([]);

    const user = await api.get(`/v1/endusers/${userId}`);
    expect(user.body.data).toEqual({
      id: userId,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      additionalEmails: [],
      additionalPhoneNumbers: [],
      additionalExternalIds: [],
      middleNames: [],
      customAttributes: [],
    });
    for (const id of [mailId, chatId]) {
      const { body } = await api.get(`/v1/conversations/${id}`);
      expect(body.data).toMatchObject({ _type: 'AnonymizedConversation', state: 'Closed', customAttributes: [] });
    }

    await waitFor('the last delivery', () => receiver.received.length === 9);
    const last = receiver.received.filter(({ payload }) => payload.event_fqn === 'END_USER_ANONYMIZED');
    expect(last).toHaveLength(1);
    expect(found(last[0]?.body ?? '')).toEqual([]);

    const rows = (table: string) => tableRows(app.database.sql, table);
    for (const { stream, table } of READ_TABLES.filter((one) => one.stream.personal)) {
      const before = await rows(table);
      await rebuildTable(app.database.ownerUrl, app.runtime.codec, stream, table);
      expect(await rows(table)).toEqual(before);
    }
    expect(found(await dump())).toEqual([]);
    await receiver.close();
  });

  it('leaves no trace either of those who were merged into the end user', async () => {
    const receiver = await startWebhookReceiver();
    receiver.answerWith(200, 'thanks, Zaphira Quibblesworth');
    const known = await createKnownPerson(receiver.url);
    await api.subscribe(receiver.url, ['EndUserMerged', 'ConversationEndUserReplaced']);
    const [between, user] = [await api.create('/v1/endusers', {}), await api.create('/v1/endusers', {})];
    expect((await api.post(`/v1/endusers/${known.userId}/merge`, { intoId: between.id })).status).toBe(200);
    expect((await api.post(`/v1/endusers/${between.id}/merge`, { intoId: user.id })).status).toBe(200);
    expect((await api.get(`/v1/endusers/${user.id}`)).body.data).toMatchObject(SECRETS);
    await waitFor('deliveries of both merges', () => receiver.received.length >= 6 + 2 + 2 + 4);

    const requested = await api.patch(`/v1/endusers/${user.id}/anonymize?force=true`);
    await processed(requested.body.data.id);
    expect(found(await dump())).toEqual([]);
    for (const id of [known.mailId, known.chatId]) {
      const { body } = await api.get(`/v1/conversations/${id}`);
      expect(body.data).toMatchObject({ _type: 'AnonymizedConversation', requesterId: user.id });
    }
    expect((await api.get(`/v1/endusers/${known.userId}`)).body.mergedInto).toBe(between.id);
    const keys = await app.database.sql('SELECT stream FROM stream_keys WHERE organization_id = $1', [
      api.organizationId,
    ]);
    expect(keys.map(({ stream }: { stream?: string }) => stream)).toEqual([`endUser-${team.userId}`]);
    await receiver.close();
  });

  it('leaves no trace either when a conversation was anonymized before', async () => {
    const receiver = await startWebhookReceiver();
    await api.subscribe(receiver.url, ['ConversationCreated', 'ConversationClosed', 'ConversationAnonymized']);
    const user = await api.create('/v1/endusers', SECRETS);
    const { id } = await api.create('/v1/conversations', emailFrom(user.id));
    const first = await api.patch(`/v1/conversations/${id}/anonymize?force=true`);
    await processed(first.body.data.id);
    await waitFor('three deliveries', () => receiver.received.length === 3);
    const last = receiver.received.find(({ payload }) => payload.event_fqn === 'CONVERSATION_ANONYMIZED');
    expect(found(last?.body ?? 'Zaphira')).toEqual([]);
    const second = await api.patch(`/v1/endusers/${user.id}/anonymize`);
    await processed(second.body.data.id);
    expect(found(await dump())).toEqual([]);
    await receiver.close();
  });

  it('is refused while conversations are open, and when it was asked for already', async () => {
    const { id } = await api.create('/v1/conversations', emailFrom(team.userId));
    const open = await api.patch(`/v1/endusers/${team.userId}/anonymize`);
    expect(open.status).toBe(409);
    expect(open.body.message).toContain('force=true');
    await api.put(`/v1/conversations/${id}/close`, {});
    const requested = await api.patch(`/v1/endusers/${team.userId}/anonymize`);
    expect(requested.status).toBe(202);
    expect((await api.patch(`/v1/endusers/${team.userId}/anonymize`)).status).toBe(409);
    await processed(requested.body.data.id);
    expect((await api.patch(`/v1/endusers/${team.userId}/anonymize?force=true`)).status).toBe(409);
  });

  it('lets nothing new begin, and gives the addresses free', async () => {
    const requested = await api.patch(`/v1/endusers/${team.userId}/anonymize`);
    expect((await api.post('/v1/conversations', emailFrom(team.userId))).status).toBe(409);
    expect((await api.patch(`/v1/endusers/${team.userId}`, { displayName: 'Again' })).status).toBe(409);
    await processed(requested.body.data.id);
    expect((await api.post('/v1/conversations', emailFrom(team.userId))).status).toBe(409);
    expect((await api.post('/v1/endusers', { displayName: 'Other', email: 'alice@brown.example' })).status).toBe(201);
  });

  it('asked for by many at once is one request, and no conversation slips in', async () => {
    const attempts = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0
        ? api.patch(`/v1/endusers/${team.userId}/anonymize?force=true`)
        : api.post('/v1/conversations', emailFrom(team.userId)),
    );
    const answers = await Promise.all(attempts);
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted).toHaveLength(1);
    expect(answers.map(({ status }) => status).filter((status) => ![201, 202, 409].includes(status))).toEqual([]);
    await processed(accepted[0]?.body.data.id);
    const { body } = await api.get(`/v1/endusers/${team.userId}/conversations?pageLimit=200`);
    expect(body.data).toHaveLength(answers.filter(({ status }) => status === 201).length);
    for (const conversation of body.data) expect(conversation._type).toBe('AnonymizedConversation');
  });

  it.each(['?force=perhaps', '?force=1'])('takes no %s', async (query) => {
    expect((await api.patch(`/v1/endusers/${team.userId}/anonymize${query}`)).status).toBe(400);
  });

  it('is a 404 for nobody and for others', async () => {
    const stranger = await app.createTestOrganization();
    expect((await api.patch(`/v1/endusers/${randomUUID()}/anonymize`)).status).toBe(404);
    expect((await stranger.patch(`/v1/endusers/${team.userId}/anonymize?force=true`)).status).toBe(404);
    const requested = await api.patch(`/v1/endusers/${team.userId}/anonymize`);
    expect((await stranger.get(`/v1/anonymization/request/${requested.body.data.id}`)).status).toBe(404);
    expect((await api.get(`/v1/anonymization/request/${randomUUID()}`)).status).toBe(404);
  });
});

describe('Anonymizing a conversation', () => {
  it('removes its personal data and leaves the end user', async () => {
    const { id } = await api.create('/v1/conversations', emailFrom(team.userId, { subject: 'Wobbling teapot' }));
    expect((await api.patch(`/v1/conversations/${id}/anonymize`)).status).toBe(409);
    const requested = await api.patch(`/v1/conversations/${id}/anonymize?force=true`);
    expect(requested.status).toBe(202);
    expect(requested.body.data).toMatchObject({
      entityType: 'ConversationAnonymizationType',
      _type: 'Conversation',
      targetEntityId: String(id),
    });
    await processed(requested.body.data.id);
    const { body } = await api.get(`/v1/conversations/${id}`);
    expect(body.data).toEqual({
      _type: 'AnonymizedConversation',
      id,
      requesterId: team.userId,
      channel: 'Email',
      direction: 'Inbound',
      state: 'Closed',
      createdAt: expect.any(String),
      stateUpdatedAt: expect.any(String),
      anonymizedAt: expect.any(String),
      customAttributes: [],
    });
    expect(found(await dump())).toEqual([]);
    expect((await api.get(`/v1/endusers/${team.userId}`)).body.data.email).toBe('alice@brown.example');
    expect((await api.patch(`/v1/conversations/${id}/anonymize`)).status).toBe(409);
    expect((await api.put(`/v1/conversations/${id}/reopen`, {})).status).toBe(409);
  });
});

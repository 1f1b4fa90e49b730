import { type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, inbound, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
let id: number;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
  id = (await api.create('/v1/conversations', emailFrom(team.userId))).id;
});

const path = (rest = '/activitylog') => `/v1/conversations/${id}${rest}`;
const log = async () => (await api.get(path())).body.data;
const typesOf = (entries: { _type: string }[]) => entries.map(({ _type }) => _type);
const follow = (link: string) => api.get(link.slice(new URL(link).origin.length));

/** Does what a support team does in a day. */
async function serve(): Promise<void> {
  await api.put(path('/claim'), { agentId: team.agentId });
  await api.post(path('/messages'), outboundBy(team.agentId));
  await api.post(path('/notes'), { message: 'She called, too.', agentId: team.agentId });
  await api.put(path(`/tags/${team.tagId}`));
  await api.delete(path(`/tags/${team.tagId}`));
  await api.put(path('/claim'), { agentId: team.otherAgentId, force: true });
  await api.put(path('/transfer/queue'), { queueId: team.otherQueueId, userId: team.otherAgentId });
  await api.put(path('/followup'), { timestamp: '2099-01-01T00:00:00Z' });
  await api.put(path('/close'), { userId: team.agentId });
  await api.post(path('/messages'), inbound('Thanks'));
}

describe('The activity log of a conversation', () => {
  it('tells what happened, in order, with who did it', async () => {
    await serve();
    const entries = await log();
    expect(typesOf(entries)).toEqual([
      ...['ConversationCreatedByCustomer', 'MessageAddedByCustomer', 'ConversationClaimed', 'MessageAddedByAgent'],
      ...['NoteAdded', 'TagAdded', 'TagRemoved', 'ConversationUnassigned', 'ConversationClaimed'],
      ...['ConversationUnassigned', 'TransferSuccessful', 'FollowupAdded', 'ConversationClosed'],
      ...['MessageAddedByCustomer', 'ConversationReopened'],
    ]);
    const [created, , claimed, , noted, tagged, , , taken, , transferred, , closed] = entries;
    const bob = { id: team.agentId, name: 'bob', email: 'bob@acme.example' };
    expect(created).toEqual({
      id: expect.any(String),
      _type: 'ConversationCreatedByCustomer',
      conversationId: id,
      activityTimestamp: expect.stringMatching(/Z$/),
      activityType: 'ConversationCreatedByCustomerActivityType',
      attributes: { _type: 'ConversationCreatedAttribute', subject: 'Where is my order?' },
      author: { id: team.userId, name: 'Alice', email: 'alice@brown.example', phoneNumber: '+4570123456' },
    });
    expect(claimed).toMatchObject({
      attributes: { _type: 'ConversationClaimedAttribute', claimedFromType: 'Queue', claimedFromLabel: 'Support' },
      author: bob,
    });
    expect(noted).toMatchObject({
      attributes: { _type: 'NoteAddedAttribute', message: 'She called, too.' },
      author: bob,
    });
    expect(tagged.attributes).toEqual({ _type: 'TagAddedAttribute', tag: 'VIP' });
    expect(taken.attributes).toMatchObject({ claimedFromType: 'Agent', claimedFromLabel: 'bob' });
    expect(transferred).toMatchObject({
      attributes: { destinationId: team.otherQueueId, destinationLabel: 'Billing', destinationType: 'Queue' },
      author: { id: team.otherAgentId, name: 'carol' },
    });
    expect(closed).toMatchObject({ author: bob });
    expect(closed).not.toHaveProperty('attributes');
  });

  it('tells what of a message was removed, and nothing of what it was', async () => {
    const attachments = [{ url: 'https://files.brown.example/a.pdf' }];
    const { body } = await api.post(path('/messages'), { ...inbound('My card ends with 4242'), attachments });
    const { messageId } = body.data;
    await api.patch(path(`/messages/${messageId}/anonymize`));
    const entry = (await log()).at(-1);
    expect(entry).toMatchObject({
      _type: 'ConversationMessageRedacted',
      activityType: 'UnknownActivityType',
      attributes: { _type: 'MessageRedactedAttribute', messageId, wasTextRedacted: true, numberOfDeletedFiles: 1 },
    });
  });

  it('comes in pages, and only of a conversation that exists', async () => {
    await serve();
    const all = await log();
    const first = await api.get(`${path()}?pageLimit=10`);
    const second = await follow(first.body.meta.next);
    expect([...first.body.data, ...second.body.data]).toEqual(all);
    expect((await follow(second.body.meta.previous)).body.data).toEqual(first.body.data);
    expect((await api.get('/v1/conversations/999999/activitylog')).status).toBe(404);
    const other = await app.createTestOrganization();
    expect((await other.get(path())).status).toBe(404);
  });

  it('names people only to tokens that may read them', async () => {
    await api.put(path('/claim'), { agentId: team.agentId });
    const reader = await app.clientWith(['conversations:read'], api);
    const { body } = await reader.get(path());
    expect(body.data[0].author).toEqual({ id: team.userId });
    expect(body.data.at(-1).author).toEqual({ id: team.agentId });
    expect(JSON.stringify(body.data)).not.toMatch(/Alice|bob/);
  });
});

describe('The activity log of an organization', () => {
  const LIST = '/v1/conversations/activitylog';

  it('has all conversations in the order of time, in pages of up to 10,000', async () => {
    const first = await log();
    id = (await api.create('/v1/conversations', emailFrom(team.userId))).id;
    await serve();
    const { body } = await api.get(`${LIST}?pageLimit=10000`);
    expect(body.data).toEqual([...first, ...(await log())]);
    const pages = [await api.get(`${LIST}?pageLimit=7`)];
    while (pages.at(-1)?.body.meta.next) pages.push(await follow(pages.at(-1)?.body.meta.next));
    expect(pages.flatMap((page) => page.body.data)).toEqual(body.data);
    expect((await api.get(`${LIST}?pageLimit=10001`)).status).toBe(400);
  });

  it('has what was recorded in a period', async () => {
    await api.put(path('/close'), {});
    const entries = await log();
    const { activityTimestamp: at } = entries.at(-1);
    const between = async (query: string) => (await api.get(`${LIST}?${query}`)).body.data;
    expect(await between(`fromDatetime=${at}`)).toEqual(entries.slice(-1));
    expect(await between(`toDatetime=${at}`)).toEqual(entries.slice(0, -1));
    expect(await between(`fromDatetime=${at}&toDatetime=${at}`)).toEqual([]);
    expect(await between('fromDatetime=2026-03-14T09:26:53Z[GMT]')).toEqual(entries);
    expect((await api.get(`${LIST}?fromDatetime=yesterday`)).body.message).toContain('must be an instant');
    const page = await api.get(`${LIST}?fromDatetime=2026-03-14T09:26:53Z&pageLimit=1`);
    expect((await follow(page.body.meta.next)).body.data).toEqual(entries.slice(1, 2));
  });

  it('reads only the events of conversations, by their index', async () => {
    const { organizationId } = api;
    const plan = await app.runtime.database.query<{ 'QUERY PLAN': string }>(organizationId, {
      text: `EXPLAIN SELECT * FROM events WHERE organization_id = $1 AND starts_with(stream, 'conversation-')
               AND recorded_at >= '2026-01-01' ORDER BY recorded_at, position LIMIT 100`,
      values: [organizationId],
      replanned: true,
    });
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain('events_of_conversations');
  });
});

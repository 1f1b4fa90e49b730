import { randomUUID } from 'node:crypto';
import { type Answer, ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, inbound, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

interface Shown {
  id: number;
  createdAt: string;
  stateUpdatedAt: string;
  customAttributes?: unknown;
}

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
let otherUserId: string;
let tier: string;
/** The conversations by name. */
const ids: Record<string, number> = {};
const shown: Record<string, Shown> = {};

const NAMES = ['waiting', 'claimed', 'pending', 'closed', 'sms', 'transferred', 'reopened'];
const OLDEST_FIRST = NAMES;
/** By their last change. */
const LAST_CHANGED_LAST = ['waiting', 'sms', 'claimed', 'pending', 'closed', 'transferred', 'reopened'];

beforeAll(async () => {
  app = await startTestApp();
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
  otherUserId = (await api.create('/v1/endusers', { displayName: 'Carl', email: 'carl@brown.example' })).id;
  const select = {
    _type: 'Select',
    options: [{ label: 'Paid', value: 'paid', nestedOptions: [{ label: 'Gold', value: 'gold' }] }],
  };
  const attribute = { entityType: 'Conversation', identifier: 'tier', label: 'Tier', inputDefinition: select };
  tier = (await api.create('/v1/custom-attributes', attribute)).id;
  for (const name of NAMES) ids[name] = (await api.create('/v1/conversations', inputs[name])).id;
  await change('claimed', 'claim', { agentId: team.agentId });
  await api.put(`/v1/conversations/${ids.claimed}/tags/${team.tagId}`);
  await change('pending', 'followup', { timestamp: '2099-01-01T00:00:00Z' });
  await change('closed', 'close');
  await api.put(`/v1/conversations/${ids.closed}/tags/${team.tagId}`);
  await api.patch(`/v1/conversations/${ids.closed}/custom-attributes`, { [tier]: ['paid', 'gold'] });
  await change('transferred', 'transfer/queue', { queueId: team.otherQueueId });
  await change('reopened', 'close');
  await change('reopened', 'reopen');
  for (const name of NAMES) shown[name] = (await api.get(`/v1/conversations/${ids[name]}`)).body.data;
});
afterAll(() => app.close());

const inputs: Record<string, object> = {
  get waiting() {
    return emailFrom(team.userId);
  },
  get claimed() {
    return emailFrom(team.userId);
  },
  get pending() {
    return emailFrom(team.userId, { message: outboundBy(team.agentId) });
  },
  get closed() {
    return emailFrom(otherUserId);
  },
  get sms() {
    return { _type: 'Sms', requesterId: team.userId, contactEndpointId: '+4578787878', message: inbound() };
  },
  get transferred() {
    return emailFrom(team.userId);
  },
  get reopened() {
    return emailFrom(otherUserId);
  },
};

async function change(name: string, command: string, body: object = {}): Promise<void> {
  expect((await api.put(`/v1/conversations/${ids[name]}/${command}`, body)).status).toBe(204);
}

const list = (parameters: Record<string, string>, client = api) =>
  client.get(`/v1/conversations?${new URLSearchParams(parameters).toString()}`);
const nameOf = ({ id }: Shown) => NAMES.find((name) => ids[name] === id);
const names = ({ body }: Answer) => (body.data as Shown[]).map(nameOf);
const found = async (parameters: Record<string, string>) => names(await list({ sort: 'createdAt', ...parameters }));
const follow = (link: string, client = api) => client.get(link.slice(app.url.length));

describe('A list of conversations', () => {
  it('shows all of them, newest first, as they are alone but for their custom attributes', async () => {
    const { body } = await list({});
    const alone = NAMES.toReversed().map((name) => ({ ...shown[name], customAttributes: undefined }));
    expect(body).toEqual({ data: alone, meta: {} });
  });

  it.each<[string, () => Record<string, string>, string[]]>([
    ['state', () => ({ state: 'Pending' }), ['pending']],
    ['closed state', () => ({ state: 'Closed' }), ['closed']],
    ['channel', () => ({ channel: 'Sms' }), ['sms']],
    ['queue', () => ({ queueId: team.otherQueueId }), ['transferred']],
    ['queue that they left', () => ({ queueId: team.queueId, assigneeId: team.agentId }), ['claimed']],
    ['assignee', () => ({ assigneeId: team.agentId }), ['claimed', 'pending']],
    ['requester', () => ({ requesterId: otherUserId }), ['closed', 'reopened']],
    ['id in upper case', () => ({ requesterId: otherUserId.toUpperCase() }), ['closed', 'reopened']],
    ['tag', () => ({ tagId: team.tagId }), ['claimed', 'closed']],
    ['value', () => ({ attributeId: tier, attributeValue: 'gold' }), ['closed']],
    ['option on the path', () => ({ attributeId: tier, attributeValue: 'paid' }), ['closed']],
    ['value that none has', () => ({ attributeId: tier, attributeValue: 'Gold' }), []],
    ['tag that does not exist', () => ({ tagId: randomUUID() }), []],
    ['tag and state', () => ({ tagId: team.tagId, state: 'Open' }), ['claimed']],
    ['channel and requester', () => ({ channel: 'Sms', requesterId: otherUserId }), []],
  ])('can be filtered by %s', async (_, parameters, expected) => {
    expect(await found(parameters())).toEqual(expected);
  });

  it('can be filtered by when they were created', async () => {
    const createdSince = shown.closed?.createdAt as string;
    expect(await found({ createdSince })).toEqual(['closed', 'sms', 'transferred', 'reopened']);
    expect(await found({ createdUntil: createdSince })).toEqual(['waiting', 'claimed', 'pending']);
    const createdUntil = shown.transferred?.createdAt as string;
    expect(await found({ createdSince, createdUntil })).toEqual(['closed', 'sms']);
  });

  it('can be filtered by when they were changed last', async () => {
    const at = shown.transferred?.createdAt as string;
    const changed = ['claimed', 'pending', 'closed', 'transferred', 'reopened'];
    expect(await found({ updatedSince: at })).toEqual(changed);
    expect(await found({ updatedUntil: at })).toEqual(['waiting', 'sms']);
    expect(await found({ createdUntil: at, updatedSince: at })).toEqual(['claimed', 'pending', 'closed']);
  });

  it('can be filtered by since when they are closed, which those are not that were reopened', async () => {
    const at = shown.closed?.stateUpdatedAt as string;
    expect(await found({ closedSince: at })).toEqual(['closed']);
    expect(await found({ closedSince: '2020-01-01T00:00:00Z', closedUntil: at })).toEqual([]);
    expect(await found({ closedUntil: '2999-01-01T00:00:00Z' })).toEqual(['closed']);
    expect(await found({ closedSince: '2999-01-01T00:00:00Z' })).toEqual([]);
  });

  it('can be filtered by all of it at once', async () => {
    const { createdAt, stateUpdatedAt } = shown.closed as Shown;
    const period = { createdSince: createdAt, updatedSince: stateUpdatedAt, closedSince: stateUpdatedAt };
    const end = '2999-01-01T00:00:00Z';
    const all = {
      ...{ state: 'Closed', channel: 'Email', queueId: team.queueId, requesterId: otherUserId, tagId: team.tagId },
      ...{ attributeId: tier, attributeValue: 'gold' },
      ...{ ...period, createdUntil: end, updatedUntil: end, closedUntil: end },
    };
    expect(await found(all)).toEqual(['closed']);
    const others: Record<string, string>[] = [
      ...[{ state: 'Open' }, { channel: 'Sms' }, { queueId: team.otherQueueId }, { assigneeId: team.agentId }],
      ...[{ requesterId: team.userId }, { tagId: randomUUID() }, { attributeValue: 'silver' }],
      ...[{ createdSince: end }, { createdUntil: createdAt }, { updatedSince: end }, { updatedUntil: stateUpdatedAt }],
      ...[{ closedSince: end }, { closedUntil: stateUpdatedAt }],
    ];
    for (const other of others)
      expect({ other, found: await found({ ...all, ...other }) }).toEqual({ other, found: [] });
  });

  it.each([
    ['createdAt', OLDEST_FIRST],
    ['updatedAt', LAST_CHANGED_LAST],
  ])('can be sorted by %s, forth and back, page by page', async (sort, expected) => {
    for (const [order, inOrder] of [
      [sort, expected],
      [`-${sort}`, expected.toReversed()],
    ] as const) {
      const pages = [await list({ sort: order, pageLimit: '3' })];
      for (let next = pages[0]?.body.meta.next; next; next = pages.at(-1)?.body.meta.next) {
        pages.push(await follow(next));
      }
      expect(pages.map(names)).toEqual([inOrder.slice(0, 3), inOrder.slice(3, 6), inOrder.slice(6)]);
      expect(names(await follow(pages.at(-1)?.body.meta.previous))).toEqual(inOrder.slice(3, 6));
    }
  });

  it('stays within its filters from page to page, which take no others', async () => {
    const first = await list({ state: 'Open', sort: 'createdAt', pageLimit: '2' });
    expect(names(first)).toEqual(['waiting', 'claimed']);
    const pageKey = new URL(first.body.meta.next).searchParams.get('pageKey') as string;
    expect(names(await list({ pageKey }))).toEqual(['sms', 'transferred']);
    const others: Record<string, string>[] = [{ state: 'Closed' }, { channel: 'Sms' }, { sort: '-createdAt' }];
    for (const other of others) {
      const { status, body } = await list({ ...other, pageKey });
      expect({ status, message: body.message }).toEqual({
        status: 400,
        message: `Invalid value for: query parameter ${Object.keys(other)[0]} (must be the same as in the request that returned the pageKey; omit pageKey to start over)`,
      });
    }
  });

  it('shows changed tags and values at once', async () => {
    const mine = await app.createTestOrganization();
    const { userId, tagId } = await createSupportTeam(mine);
    const text = { _type: 'Text' };
    const attribute = { entityType: 'Conversation', identifier: 'order', label: 'Order', inputDefinition: text };
    const { id: attributeId } = await mine.create('/v1/custom-attributes', attribute);
    const { id } = await mine.create('/v1/conversations', emailFrom(userId));
    const count = async (query: Record<string, string>) => (await list(query, mine)).body.data.length as number;
    const set = (value: string | null) =>
      mine.patch(`/v1/conversations/${id}/custom-attributes`, { [attributeId]: value });
    await mine.put(`/v1/conversations/${id}/tags/${tagId}`);
    expect(await count({ tagId })).toBe(1);
    await mine.delete(`/v1/conversations/${id}/tags/${tagId}`);
    expect(await count({ tagId })).toBe(0);
    await set('A-1');
    await set('A-2');
    const counts = [
      await count({ attributeId, attributeValue: 'A-1' }),
      await count({ attributeId, attributeValue: 'A-2' }),
    ];
    expect(counts).toEqual([0, 1]);
    await set(null);
    expect(await count({ attributeId, attributeValue: 'A-2' })).toBe(0);
  });

  it('is empty for another organization', async () => {
    const stranger = await app.createTestOrganization();
    for (const query of [{}, { tagId: team.tagId }, { attributeId: tier, attributeValue: 'gold' }]) {
      expect((await list(query as Record<string, string>, stranger)).body.data).toEqual([]);
    }
  });

  it.each([
    ['state=Done', 'state (must be one of: AwaitingPending, Closed, Open, Pending'],
    ['state=open', 'state (is open, which is not a known value; did you mean Open?'],
    ['channel=Fax', 'channel (must be one of: Callback'],
    ['queueId=x', 'queueId (must be a UUID'],
    ['assigneeId=', 'assigneeId (must not be empty'],
    ['requesterId=1042', 'requesterId (must be a UUID'],
    ['tagId=VIP', 'tagId (must be a UUID'],
    ['attributeId=01980f6a-5c1d-7a10-9b2c-3d4e5f607182', 'attributeId (must come with attributeValue'],
    ['attributeValue=gold', 'attributeValue (must come with attributeId'],
    ['createdSince=2026', 'createdSince (must be an instant such as'],
    ['updatedUntil=2026-13-01T00:00:00Z', 'updatedUntil (must be an instant such as'],
    ['closedSince=yesterday', 'closedSince (must be an instant such as'],
    ['sort=id', 'sort (must be one of: createdAt, -createdAt, updatedAt, -updatedAt'],
    ['state=Open&state=Closed', 'state (must be sent once'],
    ['pageLimit=201', 'pageLimit (must be a whole number from 1 to 200'],
    ['pageKey=x', 'pageKey (not a key of this list'],
  ])('is not answered to %s', async (query, reason) => {
    const { status, body } = await api.get(`/v1/conversations?${query}`);
    expect(status).toBe(400);
    expect(body.message).toContain(`Invalid value for: query parameter ${reason}`);
  });
});

describe('The conversations that wait in a queue', () => {
  const inQueue = (id: string, query = '', client = api) => client.get(`/v1/queues/${id}/conversations${query}`);

  it('are those that no agent has taken, in the order of their positions', async () => {
    const answer = await inQueue(team.queueId);
    expect(names(answer)).toEqual(['waiting', 'sms', 'reopened']);
    expect(names(await inQueue(team.otherQueueId))).toEqual(['transferred']);
    for (const [index, { id }] of (answer.body.data as Shown[]).entries()) {
      const { body } = await api.get(`/v1/queues/conversation-position/${id}`);
      expect(body.data.position).toBe(index + 1);
    }
    expect(answer.body.data[0]).toEqual({ ...shown.waiting, customAttributes: undefined });
  });

  it('come page by page, forth and back', async () => {
    const first = await inQueue(team.queueId, '?pageLimit=2');
    const second = await follow(first.body.meta.next);
    expect([names(first), names(second)]).toEqual([['waiting', 'sms'], ['reopened']]);
    expect(names(await follow(second.body.meta.previous))).toEqual(['waiting', 'sms']);
    const pageKey = new URL(first.body.meta.next).search;
    expect((await inQueue(team.otherQueueId, pageKey)).status).toBe(400);
  });

  it('are none in an empty queue, and there is no list of a queue that does not exist', async () => {
    expect((await inQueue(await api.createQueue())).body).toEqual({ data: [], meta: {} });
    const unknown = randomUUID();
    const missing = await inQueue(unknown);
    expect([missing.status, missing.body.message]).toEqual([404, `Queue ${unknown} could not be found`]);
    expect((await inQueue('x')).status).toBe(400);
    expect((await inQueue(team.queueId, '', await app.createTestOrganization())).status).toBe(404);
  });

  it('are shown to tokens that may read queues and conversations', async () => {
    const statuses = ['queues:read', 'conversations:read'].map(async (scope) => {
      const { secret } = await api.create('/v1/tokens', { name: scope, scopes: [scope] });
      return (await inQueue(team.queueId, '', new ApiClient(app.url, secret as string))).status;
    });
    expect(await Promise.all(statuses)).toEqual([403, 403]);
    const { secret } = await api.create('/v1/tokens', { name: 'x', scopes: ['queues:read', 'conversations:read'] });
    expect((await inQueue(team.queueId, '', new ApiClient(app.url, secret as string))).status).toBe(200);
  });
});

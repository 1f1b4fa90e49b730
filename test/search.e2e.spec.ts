import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { type Answer, ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, inbound, outboundBy, type SupportTeam } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

interface Hit {
  id: number;
  highlights: Record<string, string[]>;
  innerHits?: { id: string; highlight: Record<string, string> }[];
}

const PATH = '/v1/search/conversations';

let app: TestApp;
let api: ApiClient;
let team: SupportTeam;
let carlId: string;
let tier: string;
/** The conversations by name, oldest first. */
const ids: Record<string, number> = {};

beforeAll(async () => {
  app = await startTestApp({ worker: true });
  api = await app.createTestOrganization();
  team = await createSupportTeam(api);
  carlId = (
    await api.create('/v1/endusers', {
      displayName: 'Carl Gray',
      email: 'carl@gray.example',
      phoneNumber: '+4570654321',
    })
  ).id;
  const options = [{ label: 'Paid', value: 'paid', nestedOptions: [{ label: 'Gold', value: 'gold' }] }];
  const attribute = { entityType: 'Conversation', identifier: 'tier', label: 'Tier' };
  const definition = { inputDefinition: { _type: 'Select', options } };
  tier = (await api.create('/v1/custom-attributes', { ...attribute, ...definition })).id;
  await begin('invoice', emailFrom(team.userId, { subject: 'Your Invoice №7', message: inbound('Où est mon café?') }));
  await begin('sms', {
    _type: 'Sms',
    requesterId: carlId,
    contactEndpointId: '+4578787878',
    message: inbound('Where is my red bicycle pump?'),
  });
  const html = '<style>.hidden{}</style><p>Tom &amp; Jerry</p><p>buy<b>ing</b> "green" &lt;pumps&gt;</p>';
  const content = { _type: 'Html', value: html };
  await begin('html', emailFrom(team.userId, { message: { _type: 'Inbound', content } }));
  await begin('outbound', emailFrom(team.userId, { message: outboundBy(team.agentId) }));
  await begin('noted', emailFrom(carlId));
  await api.post(`/v1/conversations/${ids.noted}/notes`, { message: 'The courier lost it in Århus.' });
  await begin('closed', emailFrom(team.userId, { message: inbound('red pump bicycle') }));
  await change('sms', 'claim', { agentId: team.agentId });
  await api.put(`/v1/conversations/${ids.html}/tags/${team.tagId}`);
  await change('outbound', 'followup', { timestamp: '2099-01-01T00:00:00Z' });
  await change('noted', 'transfer/queue', { queueId: team.otherQueueId });
  await change('closed', 'close');
  await api.patch(`/v1/conversations/${ids.closed}/custom-attributes`, { [tier]: ['paid', 'gold'] });
});
afterAll(() => app.close());

async function begin(name: string, input: object): Promise<void> {
  ids[name] = (await api.create('/v1/conversations', input)).id;
}

async function change(name: string, command: string, body: object = {}): Promise<void> {
  expect((await api.put(`/v1/conversations/${ids[name]}/${command}`, body)).status).toBe(204);
}

const get = (query: string, more: Record<string, string> = {}, client = api) =>
  client.get(`${PATH}?${new URLSearchParams({ query, ...more }).toString()}`);
const post = (body: object, client = api) => client.send('POST', PATH, body);
const hits = ({ status, body }: Answer) => {
  expect([status, body.message]).toEqual([200, undefined]);
  return body.data as Hit[];
};
const nameOf = ({ id }: Hit) => Object.keys(ids).find((name) => ids[name] === id);
const names = (answer: Answer) => hits(answer).map(nameOf);
const found = async (query: string, exactMatch = false) => names(await get(query, { exactMatch: String(exactMatch) }));

describe('A search for words', () => {
  it('finds messages with all of them, each from its beginning on, newest first', async () => {
    expect(await found('red pump')).toEqual(['closed', 'sms']);
    expect(await found('PUM bicycle')).toEqual(['closed', 'sms']);
    expect(await found('red umbrella')).toEqual([]);
    expect(await found('ump')).toEqual([]);
  });

  it('finds phrases as they are', async () => {
    expect(await found('bicycle pump', true)).toEqual(['sms']);
    expect(await found('bicycle pum', true)).toEqual([]);
    expect(await found('pump bicycle', true)).toEqual(['closed']);
  });

  it('disregards accents and punctuation', async () => {
    expect(await found('ou est: CAFE')).toEqual(['invoice']);
    expect(await found('arhus')).toEqual(['noted']);
  });

  it('finds what HTML shows, and not its tags and styles', async () => {
    expect(await found('jerry buying')).toEqual(['html']);
    expect(await found('hidden')).toEqual([]);
    expect(await found('jerrybuying')).toEqual([]);
  });

  it('finds subjects, notes and requesters', async () => {
    expect(await found('your invoice')).toEqual(['invoice']);
    expect(await found('courier')).toEqual(['noted']);
    expect(await found('Carl G')).toEqual(['noted', 'sms']);
    expect(await found('Carl G', true)).toEqual([]);
    expect(await found('CARL@gray.example', true)).toEqual(['noted', 'sms']);
    expect(await found('+45 70 12 34 56')).toEqual(['closed', 'outbound', 'html', 'invoice']);
  });

  it('shows where they were found, escaped', async () => {
    const [html] = hits(await get('pumps tom'));
    const excerpt = '<em>Tom</em> &amp; Jerry buying &quot;green&quot; &lt;<em>pumps</em>&gt;';
    expect(html).toEqual({
      id: ids.html,
      highlights: { messages: [excerpt] },
      innerHits: [{ id: expect.any(String), highlight: { message: excerpt } }],
    });
    expect(hits(await get('invoice'))[0]).toEqual({
      id: ids.invoice,
      highlights: { subject: ['Your <em>Invoice</em> №7'] },
    });
    expect(hits(await get('courier'))[0]?.highlights).toEqual({
      notes: ['The <em>courier</em> lost it in Århus.'],
    });
    expect(hits(await get('bicycle pump', { exactMatch: 'True' }))[0]?.highlights.messages).toEqual([
      'Where is my red <em>bicycle pump</em>?',
    ]);
    expect(hits(await get('carl@gray.example'))[0]?.highlights).toEqual({
      requester: ['<em>Carl</em> <em>Gray</em>', '<em>carl</em>@<em>gray</em>.<em>example</em>'],
    });
  });

  it('is paged in both ways', async () => {
    const all = await found('a');
    const first = await get('a', { pageLimit: '1' });
    const pages = [first];
    for (let next = first.body.meta.next as string | undefined; next;) {
      const page = await api.get(next.slice(app.url.length));
      pages.push(page);
      next = page.body.meta.next;
    }
    expect(pages.flatMap(names)).toEqual(all);
    expect(all.length).toBeGreaterThan(2);
    const back = await api.get((pages.at(-1)?.body.meta.previous as string).slice(app.url.length));
    expect(names(back)).toEqual(names(pages.at(-2) as Answer));
    expect(
      (await api.get(`${PATH}?query=b&pageKey=${new URL(first.body.meta.next).searchParams.get('pageKey')}`)).status,
    ).toBe(400);
  });

  it('finds nothing for other organizations', async () => {
    const other = await app.createTestOrganization();
    expect(names(await get('red', {}, other))).toEqual([]);
    expect(names(await post({ filters: { strategy: 'All' } }, other))).toEqual([]);
  });

  it('needs the right to read conversations, and to read end users for requesters', async () => {
    const clientWith = async (...scopes: string[]) =>
      new ApiClient(app.url, (await api.create('/v1/tokens', { name: scopes.join(), scopes })).secret as string);
    const reader = await clientWith('conversations:read');
    expect(names(await get('red', {}, reader))).toEqual(['closed', 'sms']);
    expect(names(await get('carl', {}, reader))).toEqual([]);
    expect(names(await post({ query: { value: 'red' } }, reader))).toEqual(['closed', 'sms']);
    expect((await get('red', {}, await clientWith('endusers:read'))).body.message).toMatch('conversations:read');
  });

  it.each(["'", '\\', '<->', ':*', '  ', '! & |', '…'])('is refused without any word: %s', async (query) => {
    const { status, body } = await get(query);
    expect([status, body.message]).toEqual([
      400,
      expect.stringMatching(/query parameter query \(must (contain a word|not be empty)/),
    ]);
  });

  it.each([
    ['is too long', 'x'.repeat(5_000), /at most 255 characters/],
    ['has too many words', 'a '.repeat(21), /at most 20 words/],
    ['contains NUL', 'a\0b', /NUL|control/],
  ])('is refused if it %s', async (_, query, reason) => {
    expect((await get(query)).body).toMatchObject({ code: 'invalid', message: expect.stringMatching(reason) });
    const inBody = await post({ query: { value: query.repeat(2) } });
    expect(inBody.body.message).toMatch(/^Invalid value for: body \(query.value must/);
  });

  it.each(["red' | 'b", "a\\'b", 'red:* & !b', "red <-> ''", "');DROP TABLE tags;--", '½ ﷺ', '日本'])(
    'is harmless whatever it has besides words: %s',
    async (query) => {
      for (const exactMatch of ['true', 'false']) expect((await get(query, { exactMatch })).status).toBe(200);
    },
  );
});

describe('A search with filters', () => {
  const where = (...fields: object[]) =>
    post({ filters: { strategy: 'All', conditions: fields.map((field) => ({ field })) } });
  const one = (_type: string, operator: string, values?: unknown[]) => ({
    _type,
    operator: { _type: operator, values },
  });
  const all = ['closed', 'noted', 'outbound', 'html', 'sms', 'invoice'];
  const others = (...without: string[]) => all.filter((name) => !without.includes(name));

  it.each<[string, () => object, string[]]>([
    ['AgentId IsOneOf', () => one('AgentId', 'IsOneOf', [team.agentId]), ['outbound', 'sms']],
    ['AgentId IsNotOneOf', () => one('AgentId', 'IsNotOneOf', [team.agentId]), others('outbound', 'sms')],
    ['AgentId IsEmpty', () => one('AgentId', 'IsEmpty'), others('outbound', 'sms')],
    ['AgentId IsNotEmpty', () => one('AgentId', 'IsNotEmpty'), ['outbound', 'sms']],
    ['AssignedDate', () => since('AssignedDate'), ['outbound', 'sms']],
    ['Channel IsOneOf', () => one('Channel', 'IsOneOf', ['sms', 'adachat']), ['sms']],
    ['Channel of another server', () => one('Channel', 'IsOneOf', ['yotpo']), []],
    ['Channel IsNotOneOf', () => one('Channel', 'IsNotOneOf', ['email']), ['sms']],
    ['ClosedDate', () => since('ClosedDate'), ['closed']],
    ['ContactId IsOneOf', () => one('ContactId', 'IsOneOf', [carlId.toUpperCase()]), ['noted', 'sms']],
    ['ContactId IsNotOneOf', () => one('ContactId', 'IsNotOneOf', [carlId]), others('noted', 'sms')],
    ['ConversationId', () => one('ConversationId', 'IsOneOf', [String(ids.html)]), ['html']],
    ['CreationDate', () => since('CreationDate'), all],
    ['CustomAttribute IsOneOf', () => valued('IsOneOf', [['paid', 'gold']]), ['closed']],
    ['CustomAttribute of a root', () => valued('IsOneOf', [['free'], ['paid']]), ['closed']],
    ['CustomAttribute IsNotOneOf', () => valued('IsNotOneOf', [['paid']]), others('closed')],
    ['CustomAttribute IsEmpty', () => valued('IsEmpty'), others('closed')],
    ['CustomAttribute IsNotEmpty', () => valued('IsNotEmpty'), ['closed']],
    ['Direction', () => one('Direction', 'IsOneOf', ['outbound']), ['outbound']],
    ['Duration Between', () => lasting({ _type: 'Between', min: 0, max: 3600 }), ['closed']],
    ['Duration LongerThanOrEqualTo', () => lasting({ _type: 'LongerThanOrEqualTo', duration: 3600 }), []],
    ['Duration ShorterThanOrEqualTo', () => lasting({ _type: 'ShorterThanOrEqualTo', duration: 3600 }), ['closed']],
    ['LastActivity', () => since('LastActivity'), all],
    ['LastMessage', () => since('LastMessage'), all],
    ['QueueId', () => one('QueueId', 'IsOneOf', [team.otherQueueId]), ['noted']],
    ['Status IsOneOf', () => one('Status', 'IsOneOf', ['closed', 'pending']), ['closed', 'outbound']],
    ['Status IsNotOneOf', () => one('Status', 'IsNotOneOf', ['open']), ['closed', 'outbound']],
    ['TagId IncludesOne', () => one('TagId', 'IncludesOne', [team.tagId, randomUUID()]), ['html']],
    ['TagId IncludesAll', () => one('TagId', 'IncludesAll', [team.tagId, randomUUID()]), []],
    ['TagId ExcludesOne', () => one('TagId', 'ExcludesOne', [team.tagId, randomUUID()]), all],
    ['TagId ExcludesAll', () => one('TagId', 'ExcludesAll', [team.tagId, randomUUID()]), others('html')],
    ['TagId IsEmpty', () => one('TagId', 'IsEmpty'), others('html')],
    ['TagId IsNotEmpty', () => one('TagId', 'IsNotEmpty'), ['html']],
    ['no values', () => one('QueueId', 'IsOneOf'), []],
  ])('finds conversations by %s', async (_, field, expected) => {
    expect(names(await where(field()))).toEqual(expected);
  });

  const since = (_type: string) => ({ _type, operator: { _type: 'Since', timestamp: '2026-01-01T00:00:00+01:00' } });
  const valued = (operator: string, values?: string[][]) => ({
    _type: 'CustomAttribute',
    attributeId: tier,
    operator: { _type: operator, values },
  });
  const lasting = (operator: object) => ({ _type: 'Duration', operator });

  it('knows the ends of periods', async () => {
    const [from, to] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
    const period = { _type: 'Between', timestampFrom: from, timestampTo: to };
    expect(names(await where({ _type: 'CreationDate', operator: period }))).toEqual([]);
    const until = { _type: 'Until', timestamp: '2099-01-01T00:00:00Z' };
    expect(names(await where({ _type: 'CreationDate', operator: until }))).toEqual(all);
  });

  it('requires all or any of the conditions, and the words', async () => {
    const conditions = [one('Channel', 'IsOneOf', ['sms']), one('Status', 'IsOneOf', ['closed'])].map((field) => ({
      field,
    }));
    expect(names(await post({ filters: { strategy: 'All', conditions } }))).toEqual([]);
    const any = { strategy: 'Any', conditions };
    expect(names(await post({ filters: any }))).toEqual(['closed', 'sms']);
    const answer = await post({ query: { value: 'bicycle pump', exactMatch: true }, filters: any });
    expect(hits(answer)).toEqual([{ id: ids.sms, highlights: { messages: [expect.stringContaining('<em>')] } }]);
    expect(names(await post({ query: { value: 'café' }, filters: any }))).toEqual([]);
  });

  it('is paged with the same body', async () => {
    const body = { filters: { strategy: 'All', conditions: [] } };
    const first = await api.send('POST', `${PATH}?pageLimit=4`, body);
    const rest = await api.send('POST', (first.body.meta.next as string).slice(app.url.length), body);
    expect([...names(first), ...names(rest)]).toEqual(all);
    expect(names(await api.send('POST', (rest.body.meta.previous as string).slice(app.url.length), body))).toEqual(
      names(first),
    );
  });

  it.each<[string, object, string]>([
    ['nothing', {}, 'must have query, filters or both'],
    ['an id that is none', one('QueueId', 'IsOneOf', ['x']), 'field.operator.values [0] must be a UUID'],
    [
      'a number that is none',
      one('ConversationId', 'IsOneOf', ['1e3']),
      'field.operator.values [0] must be the number',
    ],
    ['a name that is none', one('Channel', 'IsOneOf', ['mail']), 'field.operator.values contains'],
    [
      'an instant that is none',
      { _type: 'ClosedDate', operator: { _type: 'Since', timestamp: 'x' } },
      'field.operator.timestamp must be an instant',
    ],
    [
      'a duration that is none',
      { _type: 'Duration', operator: { _type: 'Between', min: -1, max: 2 } },
      'field.operator.min must be a whole number',
    ],
    ['an operator of another field', one('Status', 'IsEmpty'), 'field.operator._type'],
    ['a field that is none', one('Colour', 'IsEmpty'), 'field._type'],
    [
      'a path that is none',
      { ...one('CustomAttribute', 'IsOneOf', ['x']), attributeId: randomUUID() },
      'field.operator.values [0] must be an array',
    ],
    [
      'too many values',
      one(
        'TagId',
        'IncludesAll',
        Array.from({ length: 101 }, () => randomUUID()),
      ),
      'must have at most 100 items',
    ],
  ])('refuses %s', async (_, field, reason) => {
    const { status, body } = await (Object.keys(field).length === 0 ? post({}) : where(field));
    expect([status, body.message]).toEqual([400, expect.stringContaining(reason)]);
  });

  it('refuses more than 20 conditions', async () => {
    const { body } = await where(...Array.from({ length: 21 }, () => one('AgentId', 'IsEmpty')));
    expect(body.message).toMatch('filters.conditions must have at most 20 items');
  });
});

describe('What is anonymized', () => {
  it('is found no more', async () => {
    const subject = 'Confidential zebra';
    const { id } = await api.create(
      '/v1/conversations',
      emailFrom(team.userId, { subject, message: inbound('zebra one') }),
    );
    const { body } = await api.post(`/v1/conversations/${id}/messages`, inbound('zebra two'));
    await api.post(`/v1/conversations/${id}/notes`, { message: 'zebra three' });
    const anonymize = `/v1/conversations/${id}/messages/${body.data.messageId}/anonymize`;
    expect((await api.patch(anonymize)).status).toBe(202);
    await waitFor('the message', async () => hits(await get('zebra two')).length === 0 || undefined);
    expect(hits(await get('zebra'))).toHaveLength(1);
    await api.put(`/v1/conversations/${id}/close`, {});
    expect((await api.patch(`/v1/conversations/${id}/anonymize`)).status).toBe(202);
    await waitFor('the conversation', async () => hits(await get('zebra')).length === 0 || undefined);
    for (const table of ['conversation_texts', 'conversation_subjects']) {
      expect(await app.database.sql(`SELECT FROM ${table} WHERE conversation_id = $1`, [id])).toEqual([]);
    }
  });
});

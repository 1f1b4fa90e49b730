import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(async () => {
  api = await app.createTestOrganization();
});
afterAll(() => app.close());

const alice = {
  displayName: 'Alice Brown',
  email: ' Alice@Brown.example ',
  phoneNumber: '+45 70 12 34 56',
  additionalEmails: ['Alice@Work.example'],
  additionalPhoneNumbers: ['+45 70 12 34 57'],
  firstName: 'Alice',
  lastName: 'Brown',
  middleNames: ['Marie', 'Marie'],
  avatarUrl: 'https://brown.example/alice.png',
};
const shownAlice = {
  ...alice,
  id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
  email: 'alice@brown.example',
  phoneNumber: '+4570123456',
  additionalEmails: ['alice@work.example'],
  additionalPhoneNumbers: ['+4570123457'],
  roles: ['Agent'],
};
const eventsOf = (id: string) =>
  app.database.sql<{ type: string; data: any }>('SELECT type, data FROM events WHERE stream = $1 ORDER BY version', [
    `agent-${id}`,
  ]);
const countEvents = async () =>
  (await app.database.sql('SELECT FROM events WHERE organization_id = $1', [api.organizationId])).length;

describe('Agents', () => {
  it('are created with their addresses normalized, and can be read back', async () => {
    const created = await api.post('/v1/agents', alice);
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ data: shownAlice });
    expect((await api.get(`/v1/agents/${created.body.data.id}`)).body).toEqual(created.body);
    expect((await api.get(`/v1/agents/${created.body.data.id.toUpperCase()}`)).body).toEqual(created.body);
    expect((await api.get('/v1/agents')).body).toEqual({ data: [created.body.data], meta: {} });
  });

  it('leave out what they do not have, but for lists', async () => {
    const created = await api.post('/v1/agents', { displayName: 'Bob', email: 'b@x.example', firstName: null });
    const { id, createdAt } = created.body.data;
    const rest = { displayName: 'Bob', email: 'b@x.example', roles: ['Agent'] };
    const lists = { additionalEmails: [], additionalPhoneNumbers: [], middleNames: [] };
    expect(created.body.data).toEqual({ id, createdAt, ...rest, ...lists });
    expect((await api.get(`/v1/agents/${id}`)).body.data).toEqual(created.body.data);
  });

  it('do not share a primary e-mail address, also when they are created at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        api.post('/v1/agents', { displayName: `A${i}`, email: i % 2 ? 'Race@x.example' : 'race@X.example' }),
      ),
    );
    const [created, ...others] = answers.filter(({ status }) => status === 201);
    expect(others).toEqual([]);
    for (const { status, body } of answers.filter((answer) => answer !== created)) {
      expect(status).toBe(400);
      expect(body.message).toBe(`Invalid value for: body (email is that of agent ${created?.body.data.id})`);
      expect(body.faults).toEqual([{ path: 'email', message: `is that of agent ${created?.body.data.id}` }]);
    }
    const other = await app.createTestOrganization();
    await other.createAgent({ email: 'race@x.example' });
    await api.createAgent({ additionalEmails: ['race@x.example'] });
  });

  it('are replaced by PUT: what it leaves out is cleared', async () => {
    const { id } = await api.createAgent(alice);
    const replaced = await api.put(`/v1/agents/${id}`, { displayName: 'Alice', firstName: 'Alice', lastName: null });
    expect(replaced.status).toBe(200);
    expect(replaced.body.data).toEqual({
      id,
      createdAt: shownAlice.createdAt,
      email: 'alice@brown.example',
      displayName: 'Alice',
      firstName: 'Alice',
      additionalEmails: [],
      additionalPhoneNumbers: [],
      middleNames: [],
      roles: ['Agent'],
    });
    expect((await api.get(`/v1/agents/${id}`)).body).toEqual(replaced.body);
    expect((await api.put(`/v1/agents/${id}`, { displayName: 'Alice', firstName: 'Alice' })).body).toEqual(
      replaced.body,
    );
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['AgentCreated', 'AgentUpdated']);
  });

  it('are patched in what is named alone; null clears', async () => {
    const { id } = await api.createAgent(alice);
    const changes = { displayName: 'Alice Green', phoneNumber: null, middleNames: null };
    const patched = await api.patch(`/v1/agents/${id}`, { ...changes, additionalEmails: ['new@x.example'] });
    expect(patched.status).toBe(200);
    expect(patched.body.data).toEqual({
      ...shownAlice,
      phoneNumber: undefined,
      displayName: 'Alice Green',
      middleNames: [],
      additionalEmails: ['new@x.example'],
    });
    expect((await api.get(`/v1/agents/${id}`)).body).toEqual(patched.body);
    expect((await api.patch(`/v1/agents/${id}`, changes)).body).toEqual(patched.body);
    expect((await api.patch(`/v1/agents/${id}`, {})).body).toEqual(patched.body);
    const [, updated, ...more] = await eventsOf(id);
    expect(updated?.data.changes).toEqual({
      displayName: 'Alice Green',
      phoneNumber: null,
      middleNames: [],
      additionalEmails: ['new@x.example'],
    });
    expect(more).toEqual([]);
  });

  it('keep the primary e-mail address that they were created with', async () => {
    const { id } = await api.createAgent({ email: 'b@x.example' });
    for (const answer of [
      await api.patch(`/v1/agents/${id}`, { email: 'c@x.example' }),
      await api.put(`/v1/agents/${id}`, { displayName: 'Bob', email: 'c@x.example' }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('email is not a field of this request');
    }
    const twice = await api.patch(`/v1/agents/${id}`, { additionalEmails: ['B@x.example'] });
    expect(twice.body.message).toContain('additionalEmails must not contain an address twice');
    expect((await eventsOf(id)).length).toBe(1);
  });

  it('are removed from all teams with themselves, in one commit', async () => {
    const { id } = await api.createAgent(alice);
    const teams = await Promise.all(['Billing', 'Support', 'Other'].map((name) => api.createTeam(name)));
    for (const team of teams.slice(0, 2)) await api.patch(`/v1/teams/${team}/agents`, { agentIds: [id] });
    const removed = await api.delete(`/v1/agents/${id}`);
    expect([removed.status, removed.body]).toEqual([204, '']);
    expect((await api.get(`/v1/agents/${id}`)).status).toBe(404);
    expect((await api.delete(`/v1/agents/${id}`)).status).toBe(404);
    expect((await api.get('/v1/agents')).body.data).toEqual([]);
    expect((await api.get('/v1/agents?email=alice@work.example')).body.data).toEqual([]);
    for (const team of teams) expect((await api.get(`/v1/teams/${team}/agents`)).body.data).toEqual([]);
    const last = await app.database.sql<{ stream: string; type: string; request: string }>(
      `SELECT stream, type, metadata ->> 'requestId' AS request FROM events
       WHERE organization_id = $1 AND type LIKE '%Removed' ORDER BY position`,
      [api.organizationId],
    );
    expect(last.map(({ stream, type }) => `${stream} ${type}`).sort()).toEqual(
      [`agent-${id} AgentRemoved`, `team-${teams[0]} TeamMembersRemoved`, `team-${teams[1]} TeamMembersRemoved`].sort(),
    );
    expect(new Set(last.map(({ request }) => request)).size).toBe(1);
    const again = await api.createAgent({ email: 'alice@brown.example' });
    expect(again.id).not.toBe(id);
  });

  it('are listed oldest first, in pages', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await api.createAgent()).id);
    const pages: string[][] = [];
    for (let path: string | undefined = '/v1/agents?pageLimit=2'; path;) {
      const { body } = await api.get(path);
      pages.push(body.data.map(({ id }: { id: string }) => id));
      path = body.meta.next?.replace(app.url, '');
    }
    expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  });

  it('are found by any of their addresses, as they are now', async () => {
    const { id } = await api.createAgent(alice);
    const other = await api.createAgent({ additionalEmails: ['alice@work.example'] });
    await (await app.createTestOrganization()).createAgent(alice);
    const found = async (query: Record<string, string>) =>
      (await api.get(`/v1/agents?${new URLSearchParams(query).toString()}`)).body.data.map(
        (agent: { id: string }) => agent.id,
      );
    expect(await found({ email: 'ALICE@brown.example' })).toEqual([id]);
    expect(await found({ email: 'alice@work.example' })).toEqual([id, other.id]);
    expect(await found({ phone: '+45 7012 3456' })).toEqual([id]);
    expect(await found({ phone: '+4570123457' })).toEqual([id]);
    expect(await found({ email: 'nobody@x.example' })).toEqual([]);
    await api.patch(`/v1/agents/${id}`, { additionalEmails: ['new@x.example'], phoneNumber: '+4570999999' });
    expect(await found({ email: 'alice@work.example' })).toEqual([other.id]);
    expect(await found({ email: 'new@x.example' })).toEqual([id]);
    expect(await found({ email: 'alice@brown.example' })).toEqual([id]);
    expect(await found({ phone: '+4570123456' })).toEqual([]);
    expect(await found({ phone: '+4570999999' })).toEqual([id]);
  });

  it.each([
    ['email=a%40x.example&phone=%2B4570123456', 'query parameters email and phone (only one may be sent)'],
    ['email=nobody', 'query parameter email (must be an e-mail address)'],
    ['email=', 'query parameter email (must not be empty)'],
    ['email=a%40x.example&email=b%40x.example', 'query parameter email (must be sent once'],
    ['phone=12', 'query parameter phone (must be a phone number)'],
    ['phone=%00', 'query parameter phone (must not contain NUL characters)'],
    ['pageLimit=0', 'query parameter pageLimit'],
    ['pageKey=x', 'query parameter pageKey (not a key of this list)'],
  ])('are not listed by %s', async (query, reason) => {
    const answer = await api.get(`/v1/agents?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(`Invalid value for: ${reason}`);
  });

  const bodies: [object | string, string][] = [
    [{ displayName: null }, 'displayName must be a string'],
    [{ displayName: '' }, 'displayName must not be empty'],
    [{ displayName: 'x'.repeat(256) }, 'displayName must have at most 255 characters'],
    [{ displayName: 'a\0b' }, 'displayName must not contain NUL characters'],
    [{ phoneNumber: 'call me' }, 'phoneNumber must be a phone number'],
    [{ phoneNumber: '70123456' }, 'phoneNumber must be a phone number, with its country code'],
    [{ phoneNumber: 5 }, 'phoneNumber must be a string'],
    [{ additionalEmails: 'a@x.example' }, 'additionalEmails must be an array'],
    [{ additionalEmails: ['a'] }, 'additionalEmails [0] must be an e-mail address'],
    [{ additionalEmails: ['a@x.example', 'A@x.example'] }, 'additionalEmails must not contain a value twice'],
    [
      { additionalPhoneNumbers: ['+4570123456', '+45 70123456'] },
      'additionalPhoneNumbers must not contain an address twice',
    ],
    [{ additionalPhoneNumbers: [null] }, 'additionalPhoneNumbers [0] must be a string'],
    [{ middleNames: Array(11).fill('x') }, 'middleNames must have at most 10 items'],
    [{ firstName: '' }, 'firstName must not be empty'],
    [{ avatarUrl: 'javascript:alert(1)' }, 'avatarUrl must be an http or https URL'],
    [[], 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['', 'must be a JSON object'],
  ];

  it.each([
    ...bodies,
    [{ displayName: undefined }, 'displayName must be a string'],
    [{ email: undefined }, 'email must be a string'],
    [{ email: null }, 'email must be a string'],
    [{ email: 'nobody' }, 'email must be an e-mail address'],
    [{ email: 'a@x.example', additionalEmails: ['A@x.example'] }, 'additionalEmails must not contain an address twice'],
  ])('are not created from %j', async (body, reason) => {
    const before = await countEvents();
    const isObject = typeof body === 'object' && !Array.isArray(body);
    const answer = await api.post('/v1/agents', isObject ? { displayName: 'A', email: 'a@x.example', ...body } : body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('Invalid value for: body');
    expect(answer.body.message).toContain(reason);
    expect(await countEvents()).toBe(before);
  });

  it.each([
    ...bodies,
    [{ nickname: 'x' }, 'nickname is not a field of this request'],
    [{ id: randomUUID() }, 'id is not a field of this request'],
  ])('are not changed by %j', async (body, reason) => {
    const { id } = await api.createAgent();
    const before = await countEvents();
    const isObject = typeof body === 'object' && !Array.isArray(body);
    for (const answer of [
      await api.patch(`/v1/agents/${id}`, body),
      await api.put(`/v1/agents/${id}`, isObject ? { displayName: 'A', ...body } : body),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain(reason);
    }
    expect((await api.put(`/v1/agents/${id}`, {})).body.message).toContain('displayName must be a string');
    expect(await countEvents()).toBe(before);
  });
});

describe('Agents in bulk', () => {
  it('are created each by itself, answered in order', async () => {
    const taken = await api.createAgent({ email: 'taken@x.example' });
    const items = Array.from({ length: 30 }, (_, i) => ({ displayName: `A${i}`, email: `a${i}@x.example` }));
    const data = [...items, { displayName: 'B' }, 5, null, { displayName: 'C', email: 'taken@x.example' }];
    const answer = await api.post('/v1/agents/bulk', { data });
    expect(answer.status).toBe(201);
    const outcomes = answer.body.data;
    expect(outcomes.slice(0, 30).map((outcome: any) => [outcome._type, outcome.data.displayName])).toEqual(
      items.map(({ displayName }) => ['BulkActionSuccess', displayName]),
    );
    expect(outcomes.slice(30)).toEqual(
      [
        'Invalid value for: body (email must be a string, but is missing)',
        'Invalid value for: body (must be a JSON object)',
        'Invalid value for: body (must be a JSON object)',
        `Invalid value for: body (email is that of agent ${taken.id})`,
      ].map((message) => ({
        _type: 'BulkActionFailure',
        error: { _type: 'Validation', message: expect.stringContaining(message) },
      })),
    );
    expect((await api.get('/v1/agents')).body.data).toHaveLength(31);
  });

  it('are replaced and patched each by itself', async () => {
    const agents = await Promise.all([1, 2].map((i) => api.createAgent({ email: `a${i}@x.example`, firstName: 'F' })));
    const [one, two] = agents.map(({ id }) => id);
    const unknown = randomUUID();
    const failure = (error: object) => ({ _type: 'BulkActionFailure', error });
    const missing = failure({ _type: 'NotFound', id: unknown, message: `Agent ${unknown} could not be found` });
    const put = await api.put('/v1/agents', [
      { id: unknown, displayName: 'X' },
      { id: one?.toUpperCase(), displayName: 'One' },
      { id: two, displayName: 'Two', email: 'new@x.example' },
      { id: two },
      { displayName: 'No id' },
    ]);
    expect(put.status).toBe(200);
    expect(put.body.data).toEqual([
      missing,
      { _type: 'BulkActionSuccess', data: expect.objectContaining({ id: one, displayName: 'One' }) },
      failure({
        _type: 'Validation',
        id: two,
        message: expect.stringContaining('email is not a field of this request'),
      }),
      failure({ _type: 'Validation', id: two, message: expect.stringContaining('displayName must be a string') }),
      failure({ _type: 'Validation', message: expect.stringContaining('id must be a string') }),
    ]);
    expect(put.body.data[1].data).not.toHaveProperty('firstName');
    const patch = await api.patch('/v1/agents', [
      { id: two, lastName: 'L' },
      { id: unknown, lastName: 'L' },
      { id: one },
      { id: 'x', lastName: 'L' },
      { id: one, lastNam: 'L' },
    ]);
    expect(patch.body.data).toEqual([
      { _type: 'BulkActionSuccess', data: expect.objectContaining({ id: two, firstName: 'F', lastName: 'L' }) },
      missing,
      failure({ _type: 'EmptyPatchSet', id: one, message: 'The patch contains no field to change' }),
      failure({ _type: 'Validation', message: expect.stringContaining('id must be a UUID') }),
      failure({
        _type: 'Validation',
        id: one,
        message: expect.stringContaining('lastNam is not a field of this request'),
      }),
    ]);
    expect((await api.patch('/v1/agents', [])).body).toEqual({ data: [] });
  });

  it.each([
    ['POST', '/v1/agents/bulk', [], 'must have at least 1 item'],
    ['POST', '/v1/agents/bulk', Array(1001).fill({}), 'must have at most 1000 items'],
    ['POST', '/v1/agents/bulk', undefined, 'must be a JSON object, but is missing'],
    ['POST', '/v1/agents/bulk', '"x"', 'must be a JSON object'],
    ['POST', '/v1/agents/bulk', {}, 'data must be an array'],
    ['POST', '/v1/agents/bulk', { data: null }, 'data must be an array'],
    ['POST', '/v1/agents/bulk', { data: [] }, 'data must have at least 1 item'],
    ['POST', '/v1/agents/bulk', { data: Array(1001).fill({}) }, 'data must have at most 1000 items'],
    ['PUT', '/v1/agents', {}, 'must be a JSON array'],
    ['PUT', '/v1/agents', Array(1001).fill({}), 'must have at most 1000 items'],
    ['PUT', '/v1/agents', { data: Array(1001).fill({}) }, 'data must have at most 1000 items'],
    ['PATCH', '/v1/agents', { data: {} }, 'must be a JSON array, or an object with it as data'],
    ['PATCH', '/v1/agents', 'null', 'must be a JSON array'],
  ])('%s %s refuses what is not a list of them', async (method, path, body, reason) => {
    const answer = await api.send(method, path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
  });
});

describe('An agent that does not exist, or not in this organization,', () => {
  const operations: [string, string, unknown][] = [
    ['GET', '', undefined],
    ['PUT', '', { displayName: 'x' }],
    ['PATCH', '', { displayName: 'x' }],
    ['DELETE', '', undefined],
    ['GET', '/teams', undefined],
    ['GET', '/presence', undefined],
    ['PUT', '/presence', { connectionStatus: 'Online' }],
    ['PUT', '/presence/working-channel', { channel: 'Email', working: true }],
  ];

  it.each(operations)('is a 404 to %s /v1/agents/{agentId}%s', async (method, path, body) => {
    const owner = await app.createTestOrganization();
    const { id } = await owner.createAgent();
    const unknown = randomUUID();
    const foreign = await api.send(method, `/v1/agents/${id}${path}`, body);
    const missing = await api.send(method, `/v1/agents/${unknown}${path}`, body);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(missing.body.message).toBe(`Agent ${unknown} could not be found`);
    expect(foreign.body.message).toBe(`Agent ${id} could not be found`);
    const malformed = await api.send(method, `/v1/agents/1${path}`, body);
    expect(malformed.status).toBe(400);
    expect(malformed.body.message).toBe('Invalid value for: path parameter agentId (must be a UUID)');
    expect(await eventsOf(id)).toHaveLength(1);
  });
});

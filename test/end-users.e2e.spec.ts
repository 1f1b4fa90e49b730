import { randomUUID } from 'node:crypto';
import { endUserIsOpen, requesterById } from '#libs/end-users/end-user.published.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { SetDefaultRegion, SetDefaultRegionHandler } from '#libs/organizations/organizations.handlers.js';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const ALICE = {
  displayName: 'Alice Brown',
  email: 'alice@x.example',
  phoneNumber: '+4570123456',
  additionalEmails: ['alice@y.example', 'ali@x.example'],
  additionalPhoneNumbers: ['+4570123457'],
  firstName: 'Alice',
  lastName: 'Brown',
  middleNames: ['Marie', 'Marie'],
  avatarUrl: 'https://x.example/alice.png',
  externalId: 'crm-1',
  additionalExternalIds: ['crm-0'],
};
const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], additionalExternalIds: [], middleNames: [] };

const INSTANT = expect.stringMatching(/^\d{4}-.*Z$/);

const create = (api: ApiClient, fields: object = {}): Promise<any> => api.create('/v1/endusers', fields);
const get = async (api: ApiClient, id: string) => (await api.get(`/v1/endusers/${id}`)).body.data;
const find = async (api: ApiClient, query: string) => {
  const { status, body } = await api.get(`/v1/endusers?${query}`);
  expect(status).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
};

async function eventsOf(id: string): Promise<string[]> {
  const rows = await app.database.sql<{ type: string }>('SELECT type FROM events WHERE stream = $1 ORDER BY version', [
    `endUser-${id}`,
  ]);
  return rows.map(({ type }) => type);
}

async function countOf(api: ApiClient): Promise<number> {
  const [row] = await app.database.sql<{ count: number }>(
    `SELECT count(*)::int FROM events WHERE organization_id = $1 AND stream LIKE 'endUser-%'`,
    [api.organizationId],
  );
  return row?.count as number;
}

async function anonymize(api: ApiClient, id: string, commands: ('RequestAnonymization' | 'Anonymize')[]) {
  const context = { organizationId: api.organizationId, actorId: api.actorId };
  for (const type of commands) {
    await app.runtime.store.handle(endUserStream, id, context, { type, id, requestId: randomUUID() });
  }
}

describe('End users', () => {
  it('are created and can be read back', async () => {
    const api = await app.createTestOrganization();
    const answer = await api.post('/v1/endusers', ALICE);
    expect(answer.status).toBe(201);
    const alice = answer.body.data;
    expect(alice).toEqual({
      id: expect.any(String),
      createdAt: INSTANT,
      updatedAt: INSTANT,
      ...ALICE,
      customAttributes: [],
    });
    expect(await get(api, alice.id)).toEqual(alice);
    const listed = { ...alice, customAttributes: undefined };
    expect((await api.get('/v1/endusers')).body).toEqual({ data: [listed], meta: {} });
  });

  it('need no field at all, and leave out what they do not have', async () => {
    const api = await app.createTestOrganization();
    for (const fields of [{}, { email: null, middleNames: null, displayName: null, additionalEmails: [] }]) {
      const user = await create(api, fields);
      expect(user).toEqual({ id: user.id, createdAt: INSTANT, updatedAt: INSTANT, ...NOBODY, customAttributes: [] });
      expect(await get(api, user.id)).toEqual(user);
    }
  });

  it('have names in any script', async () => {
    const api = await app.createTestOrganization();
    for (const displayName of [
      'Füße',
      '山田太郎',
      'Мария',
      '👩‍👩‍👧',
      'שלום',
      'أحمد',
      "O'Brien; DROP TABLE end_users",
      '{"a":1}',
    ]) {
      const { id } = await create(api, { displayName, middleNames: [displayName, '{},"\\'] });
      expect(await get(api, id)).toMatchObject({ displayName, middleNames: [displayName, '{},"\\'] });
    }
  });

  it('keep addresses in one spelling', async () => {
    const api = await app.createTestOrganization();
    const user = await create(api, {
      email: ' Alice@X.Example',
      additionalEmails: ['B@X.EXAMPLE'],
      phoneNumber: '+45 70 12 34 56',
      additionalPhoneNumbers: ['+45-70123457'],
      externalId: ' A ',
    });
    expect(user).toMatchObject({
      email: 'alice@x.example',
      additionalEmails: ['b@x.example'],
      phoneNumber: '+4570123456',
      additionalPhoneNumbers: ['+4570123457'],
      externalId: ' A ',
    });
  });

  it("take phone numbers without a country code for ones of the organization's region", async () => {
    const [local, abroad] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const region = new SetDefaultRegion({ organizationId: local.organizationId, region: 'DK', actorId: local.actorId });
    await new SetDefaultRegionHandler(app.runtime.store).execute(region);
    const { id, phoneNumber } = await create(local, { phoneNumber: '70 12 34 56' });
    expect(phoneNumber).toBe('+4570123456');
    expect(await find(local, 'phone=70123456')).toEqual([id]);
    const refused = await abroad.post('/v1/endusers', { phoneNumber: '70 12 34 56' });
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain('phoneNumber must be a phone number, with its country code');
  });

  it('do not keep what is personal in readable events', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, ALICE);
    await api.patch(`/v1/endusers/${id}`, { firstName: 'Lovelace' });
    const attribute = await api.create('/v1/custom-attributes', TEXT);
    await api.patch(`/v1/endusers/${id}/custom-attributes`, { [attribute.id]: 'left-handed' });
    const rows = await app.database.sql<{ text: string }>(
      `SELECT data::text || metadata::text AS text FROM events WHERE stream = $1`,
      [`endUser-${id}`],
    );
    expect(rows).toHaveLength(3);
    const text = rows.map((row) => row.text).join();
    const personal = [...Object.values(ALICE).flat(), 'Lovelace', 'left-handed'];
    for (const value of personal) expect(text).not.toContain(value);
    expect(text).toContain(id);
  });

  it('are replaced by a PUT: what is left out is cleared', async () => {
    const api = await app.createTestOrganization();
    const { id, createdAt } = await create(api, ALICE);
    const put = (fields: object) => api.put(`/v1/endusers/${id}`, fields);
    const answer = await put({ displayName: 'Ali', lastName: null, externalId: 'crm-2' });
    expect(answer.status).toBe(200);
    const { additionalExternalIds } = ALICE;
    const replaced = { ...NOBODY, displayName: 'Ali', externalId: 'crm-2', additionalExternalIds };
    const expected = { id, createdAt, updatedAt: INSTANT, ...replaced, customAttributes: [] };
    expect(answer.body.data).toEqual(expected);
    expect(await get(api, id)).toEqual(expected);
    expect((await put({ displayName: 'Ali', externalId: 'crm-2' })).body.data).toEqual(expected);
    expect(await eventsOf(id)).toEqual(['EndUserCreated', 'EndUserUpdated']);
    expect((await put({ ...ALICE })).body.data).toMatchObject(ALICE);
  });

  it('are changed by a PATCH in what it names, null clears', async () => {
    const api = await app.createTestOrganization();
    const { id, createdAt } = await create(api, ALICE);
    const patch = (fields: object) => api.patch(`/v1/endusers/${id}`, fields);
    const answer = await patch({ email: null, additionalEmails: null, displayName: null, firstName: 'Ali' });
    expect(answer.status).toBe(200);
    const cleared = { email: undefined, displayName: undefined, additionalEmails: [] };
    const expected = {
      id,
      createdAt,
      updatedAt: INSTANT,
      ...ALICE,
      ...cleared,
      firstName: 'Ali',
      customAttributes: [],
    };
    expect(answer.body.data).toEqual(expected);
    for (const nothing of [{}, { firstName: 'Ali' }, { email: null }, { phoneNumber: '+45 70 12 34 56' }]) {
      expect((await patch(nothing)).body.data).toEqual(expected);
    }
    expect(await eventsOf(id)).toEqual(['EndUserCreated', 'EndUserUpdated']);
    expect(await get(api, id)).toEqual(expected);
  });

  it('do not lose a change when 20 are made at once', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api);
    const changes = [
      ...['displayName', 'firstName', 'lastName', 'externalId'].map((field) => [field, 'x'] as const),
      ...[['email', 'x@x.example'] as const, ['phoneNumber', '+4570123456'] as const],
      ...[['additionalEmails', ['y@x.example']] as const, ['additionalPhoneNumbers', ['+4570123457']] as const],
      ...[['middleNames', ['x']] as const, ['avatarUrl', 'https://x.example'] as const],
    ];
    const answers = await Promise.all(
      [...changes, ...changes].map(async ([field, value]) => ({
        field,
        value,
        ...(await api.patch(`/v1/endusers/${id}`, { [field]: value })),
      })),
    );
    const applied = answers.filter(({ status }) => status === 200);
    expect(applied.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    const user = await get(api, id);
    for (const { field, value } of applied) expect(user[field]).toEqual(value);
    expect(await eventsOf(id)).toHaveLength(1 + new Set(applied.map(({ field }) => field)).size);
  });
});

describe('An address of an end user', () => {
  it('is taken by one of 50 who ask for it at once', async () => {
    const api = await app.createTestOrganization();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        api.post('/v1/endusers', index % 2 ? { email: 'Race@x.example' } : { additionalEmails: ['race@X.example'] }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(49).fill(400)]);
    const winner = answers.find(({ status }) => status === 201)?.body.data.id;
    for (const { status, body } of answers) if (status === 400) expect(body.message).toContain(winner);
    expect(await countOf(api)).toBe(1);
    expect(await find(api, 'email=race@x.example')).toEqual([winner]);
  });

  it('is taken once also by many who want several, in whatever order', async () => {
    const api = await app.createTestOrganization();
    const emails = ['a@x.example', 'b@x.example', 'c@x.example'];
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const [email, ...additionalEmails] = emails.map((_, place) => emails[(index + place) % 3]);
        return api.post('/v1/endusers', { email, additionalEmails });
      }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(29).fill(400)]);
  });

  it('belongs to one end user of the organization, whatever field it is in', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, ALICE);
    const other = await create(api);
    for (const [fields, reason] of [
      [{ email: 'ALICE@x.example' }, 'email alice@x.example'],
      [{ email: 'ali@x.example' }, 'email ali@x.example'],
      [{ additionalEmails: ['new@x.example', 'alice@x.example'] }, 'additionalEmails[1] alice@x.example'],
      [{ phoneNumber: '+45 70123457' }, 'phoneNumber +4570123457'],
      [{ additionalPhoneNumbers: ['+4570123456'] }, 'additionalPhoneNumbers[0] +4570123456'],
      [{ externalId: 'crm-1' }, 'externalId crm-1'],
    ] as const) {
      const path = reason.split(' ', 1)[0];
      for (const answer of [
        await api.post('/v1/endusers', fields),
        await api.patch(`/v1/endusers/${other.id}`, fields),
        await api.put(`/v1/endusers/${other.id}`, { displayName: 'x', ...fields }),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.body.message).toBe(`Validation failure: ${reason} belongs to end user ${id} already`);
        expect(answer.body.faults).toEqual([{ path, message: `belongs to end user ${id} already` }]);
      }
    }
    expect(await countOf(api)).toBe(2);
    expect(
      (await api.post('/v1/endusers', { email: 'alice@x.example', externalId: 'crm-1' })).body.faults,
    ).toHaveLength(2);
    await create(api, { externalId: 'CRM-1' });
    await create(await app.createTestOrganization(), ALICE);
  });

  it('can be the same text as one of another kind', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, { externalId: 'alice@x.example' });
    const other = await create(api, { email: 'alice@x.example' });
    expect(await find(api, 'externalId=alice@x.example')).toEqual([id]);
    expect(await find(api, 'email=alice@x.example')).toEqual([other.id]);
  });

  it('is free at once when it is given up', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, ALICE);
    await api.patch(`/v1/endusers/${id}`, { additionalEmails: ['ali@x.example'], externalId: null });
    const other = await create(api, { email: 'alice@y.example', externalId: 'crm-1' });
    expect(await find(api, 'email=alice@y.example')).toEqual([other.id]);
    expect(await find(api, 'email=ali@x.example')).toEqual([id]);
  });

  it('moves from the additional ones to the primary', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, ALICE);
    const answer = await api.patch(`/v1/endusers/${id}`, {
      email: 'ali@x.example',
      additionalEmails: ['alice@x.example'],
    });
    expect(answer.body.data).toMatchObject({ email: 'ali@x.example', additionalEmails: ['alice@x.example'] });
    for (const email of ['ali@x.example', 'alice@x.example']) expect(await find(api, `email=${email}`)).toEqual([id]);
    expect(await find(api, 'email=alice@y.example')).toEqual([]);
  });

  it('does not occur twice, also after a change was merged', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, ALICE);
    for (const fields of [
      { email: 'alice@y.example' },
      { additionalEmails: ['ALICE@x.example'] },
      { additionalPhoneNumbers: ['+45 70123456'] },
      { phoneNumber: '+4570123457' },
    ]) {
      const answer = await api.patch(`/v1/endusers/${id}`, fields);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('must not contain an address twice');
    }
    expect((await api.post('/v1/endusers', { email: 'n@x.example', additionalEmails: ['N@x.example'] })).status).toBe(
      400,
    );
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it('can be swapped with another end user while others read', async () => {
    const api = await app.createTestOrganization();
    const [one, two] = [await create(api, { email: 'one@x.example' }), await create(api, { email: 'two@x.example' })];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        api.patch(`/v1/endusers/${index % 2 ? one.id : two.id}`, { email: index % 4 < 2 ? 'one@x.example' : null }),
      ),
    );
    expect(answers.filter(({ status }) => ![200, 400, 409].includes(status))).toEqual([]);
    const owners = (await Promise.all([get(api, one.id), get(api, two.id)])).filter(
      ({ email }) => email === 'one@x.example',
    );
    expect(await find(api, 'email=one@x.example')).toEqual(owners.map(({ id }) => id));
    expect(owners.length).toBeLessThan(2);
  });
});

const TEXT = { entityType: 'Contact', identifier: 'plan', label: 'Plan', inputDefinition: { _type: 'Text' } };
const SELECT = {
  entityType: 'Contact',
  identifier: 'tier',
  label: 'Tier',
  inputDefinition: {
    _type: 'Select',
    options: [{ label: 'Business', value: 'business', nestedOptions: [{ label: 'Gold', value: 'gold' }] }],
  },
};

describe('Custom attributes of an end user', () => {
  async function setUp() {
    const api = await app.createTestOrganization();
    const [text, select, foreign] = await Promise.all(
      [TEXT, SELECT, { ...TEXT, entityType: 'Conversation' }].map((body) => api.create('/v1/custom-attributes', body)),
    );
    const { id } = await create(api, { displayName: 'Alice' });
    return {
      api,
      id,
      text,
      select,
      foreign,
      patch: (body?: unknown) => api.patch(`/v1/endusers/${id}/custom-attributes`, body),
    };
  }

  it('are set, changed and cleared, with an event for each change only', async () => {
    const { api, id, text, select, patch } = await setUp();
    const plan = (value: string) => ({ id: text.id, name: 'Plan', identifier: 'plan', value });
    const tier = { id: select.id, name: 'Tier', identifier: 'tier', value: ['business', 'gold'] };
    const set = await patch({ [text.id.toUpperCase()]: 'Füße', [select.id]: ['business', 'gold'] });
    expect(set.status).toBe(200);
    expect(set.body.data).toHaveLength(2);
    expect(set.body.data).toEqual(expect.arrayContaining([plan('Füße'), tier]));
    expect((await get(api, id)).customAttributes).toEqual(set.body.data);
    expect((await patch({ [text.id]: 'Füße' })).body).toEqual(set.body);
    expect((await patch({})).body).toEqual(set.body);
    expect((await patch({ [text.id]: null })).body.data).toEqual([tier]);
    expect((await patch({ [text.id]: null })).body.data).toEqual([tier]);
    expect((await api.patch(`/v1/endusers/${id}`, { firstName: 'x' })).body.data.customAttributes).toEqual([tier]);
    expect((await api.put(`/v1/endusers/${id}`, { displayName: 'x' })).body.data.customAttributes).toEqual([tier]);
    expect((await api.get('/v1/endusers')).body.data[0]).not.toHaveProperty('customAttributes');
    expect(await eventsOf(id)).toEqual([
      ...['EndUserCreated', 'EndUserCustomAttributesUpdated', 'EndUserCustomAttributesUpdated'],
      ...['EndUserUpdated', 'EndUserUpdated'],
    ]);
  });

  it('are still shown once the attribute is archived, and take no values then', async () => {
    const { api, id, text, select, patch } = await setUp();
    await patch({ [text.id]: 'old' });
    await api.patch(`/v1/custom-attributes/${text.id}`, { label: 'Old plan' });
    await api.patch(`/v1/custom-attributes/${text.id}/archive`);
    const shown = [{ id: text.id, name: 'Old plan', identifier: 'plan', value: 'old' }];
    expect((await get(api, id)).customAttributes).toEqual(shown);
    for (const value of ['new', null]) {
      const answer = await patch({ [text.id]: value, [select.id]: ['business', 'gold'] });
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain(`${text.id} must not be archived`);
    }
    expect((await get(api, id)).customAttributes).toEqual(shown);
    await api.patch(`/v1/custom-attributes/${select.id}`, { isDeactivated: true });
    expect((await patch({ [select.id]: ['business', 'gold'] })).body.message).toContain('must not be deactivated');
    await api.patch(`/v1/custom-attributes/${select.id}`, { isDeactivated: false });
    expect((await patch({ [select.id]: ['business', 'gold'] })).status).toBe(200);
  });

  it('are refused as a whole when one is faulty', async () => {
    const { id, text, select, foreign, patch } = await setUp();
    const stranger = await (await app.createTestOrganization()).create('/v1/custom-attributes', TEXT);
    for (const wrong of [
      { [randomUUID()]: 'x' },
      { x: 'x' },
      { [foreign.id]: 'x' },
      { [stranger.id]: 'x' },
      { [text.id]: 5 },
      { [text.id]: true },
      { [text.id]: {} },
      { [text.id]: [] },
      { [text.id]: '' },
      { [text.id]: 'a\0b' },
      { [text.id]: 'x'.repeat(4097) },
      { [select.id]: 'business' },
      { [select.id]: [] },
      { [select.id]: ['business'] },
      { [select.id]: ['gold'] },
      { [select.id]: ['business', 'gold', 'gold'] },
      { [select.id]: ['business', 5] },
      { [select.id]: { 0: 'business' } },
      Object.fromEntries(Array.from({ length: 101 }, () => [randomUUID(), null])),
    ]) {
      const answer = await patch({ [text.id]: 'right', ...wrong });
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: body');
      expect(answer.body.faults.length).toBeGreaterThan(0);
    }
    for (const body of [undefined, '', 'null', '[]', '"x"', '5', '{']) expect((await patch(body)).status).toBe(400);
    expect(await eventsOf(id)).toEqual(['EndUserCreated']);
  });
});

describe('End users in bulk', () => {
  const success = (data: object) => ({ _type: 'BulkActionSuccess', data: expect.objectContaining(data) });
  const failure = (_type: string, message: string, id?: string) => ({
    _type: 'BulkActionFailure',
    error: { _type, ...(id && { id }), message: expect.stringContaining(message) },
  });

  it('are created each by itself', async () => {
    const api = await app.createTestOrganization();
    const data = [
      ...[{ displayName: 'a', email: 'a@x.example', unknown: 1 }, { email: 5 }, null, 'x', [], {}],
      ...[{ displayName: 'b' }, { phoneNumber: '12' }],
    ];
    const { status, body } = await api.post('/v1/endusers/bulk', { data });
    expect(status).toBe(201);
    expect(body.data).toEqual([
      success({ displayName: 'a', email: 'a@x.example', id: expect.any(String) }),
      failure('Validation', 'email must be a string'),
      ...Array.from({ length: 3 }, () => failure('Validation', 'must be a JSON object')),
      success(NOBODY),
      success({ displayName: 'b' }),
      failure('Validation', 'phoneNumber must be a phone number'),
    ]);
    expect(await countOf(api)).toBe(3);
  });

  it('with the same address are one', async () => {
    const api = await app.createTestOrganization();
    const data = [{ email: 'a@x.example' }, { additionalEmails: ['A@x.example'] }];
    const outcomes = (await api.post('/v1/endusers/bulk', { data })).body.data;
    expect(outcomes.map(({ _type }: { _type: string }) => _type).sort()).toEqual([
      'BulkActionFailure',
      'BulkActionSuccess',
    ]);
    const [failed, succeeded] = outcomes[0].error ? outcomes : outcomes.toReversed();
    expect(failed).toEqual(failure('Validation', `belongs to end user ${succeeded.data.id} already`));
    expect(await countOf(api)).toBe(1);
  });

  it('are at most 1,000', async () => {
    const api = await app.createTestOrganization();
    const data = Array.from({ length: 1_000 }, (_, index) => ({ externalId: `${index}` }));
    const { status, body } = await api.post('/v1/endusers/bulk', { data });
    expect(status).toBe(201);
    expect(body.data.map((outcome: any) => outcome.data?.externalId)).toEqual(data.map(({ externalId }) => externalId));
    expect((await api.post('/v1/endusers/bulk', { data: [...data, {}] })).status).toBe(400);
    expect(await countOf(api)).toBe(1_000);
  });

  it('are replaced each by itself', async () => {
    const api = await app.createTestOrganization();
    const [a, b] = [await create(api, ALICE), await create(api, { displayName: 'b' })];
    const unknown = randomUUID();
    const stranger = await create(await app.createTestOrganization());
    const { status, body } = await api.put('/v1/endusers', {
      data: [
        { id: a.id.toUpperCase(), displayName: 'A' },
        { id: b.id },
        { id: b.id, displayName: 'B', typo: 1 },
        { id: unknown, displayName: 'x' },
        { id: stranger.id, displayName: 'x' },
        { displayName: 'x' },
        { id: 'x', displayName: 'x' },
      ],
    });
    expect(status).toBe(200);
    expect(body.data).toEqual([
      success({ id: a.id, displayName: 'A', ...NOBODY, additionalExternalIds: ALICE.additionalExternalIds }),
      failure('Validation', 'displayName must be a string', b.id),
      failure('Validation', 'typo is not a field of this request', b.id),
      failure('NotFound', unknown, unknown),
      failure('NotFound', stranger.id, stranger.id),
      failure('Validation', 'id must be a string'),
      failure('Validation', 'id must be a UUID'),
    ]);
    expect(body.data[0].data).not.toHaveProperty('email');
    expect(await get(api, b.id)).toMatchObject({ displayName: 'b' });
  });

  it('are changed each by itself, those that are the same in their order', async () => {
    const api = await app.createTestOrganization();
    const [a, b] = [await create(api, ALICE), await create(api, { displayName: 'b' })];
    const unknown = randomUUID();
    await anonymize(api, b.id, ['RequestAnonymization']);
    const { status, body } = await api.patch('/v1/endusers', {
      data: [
        { id: a.id, firstName: '1' },
        { id: b.id, firstName: '1' },
        { id: a.id, email: null, firstName: '2' },
        { id: a.id },
        { id: unknown },
        { id: unknown, firstName: 'x' },
        { firstName: 'x' },
        { id: a.id, customAttributes: [] },
        { id: a.id, firstName: '3' },
      ],
    });
    expect(status).toBe(200);
    expect(body.data).toEqual([
      success({ firstName: '1', email: ALICE.email }),
      failure('Integrity', 'is about to be anonymized', b.id),
      success({ firstName: '2' }),
      failure('EmptyPatchSet', 'contains no field', a.id),
      failure('EmptyPatchSet', 'contains no field', unknown),
      failure('NotFound', unknown, unknown),
      failure('Validation', 'id must be a string'),
      failure('Validation', 'customAttributes is not a field of this request', a.id),
      success({ firstName: '3' }),
    ]);
    expect(await get(api, a.id)).toMatchObject({ firstName: '3', lastName: 'Brown' });
  });

  it.each([undefined, '', 'null', '[]', '{}', '{"data": null}', '{"data": []}', '{"data": {}}', '{"data": "x"}'])(
    'need items: %s',
    async (body) => {
      const api = await app.createTestOrganization();
      for (const [method, path] of [
        ['POST', '/bulk'],
        ['PUT', ''],
        ['PATCH', ''],
      ] as const) {
        const answer = await api.send(method, `/v1/endusers${path}`, body);
        expect(answer.status).toBe(400);
        expect(answer.body.message).toContain('Invalid value for: body');
      }
    },
  );
});

describe('A list of end users', () => {
  it('is filtered by any address, in any spelling', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, ALICE);
    await create(api, { email: 'other@x.example' });
    for (const query of [
      'email=ALICE@x.example',
      'email=ali@x.example',
      `email=${encodeURIComponent(' alice@Y.example')}`,
      'phone=%2B4570123456',
      'phone=+45%2070%2012%2034%2057',
      'externalId=crm-1&unknown=1',
    ]) {
      expect(await find(api, query)).toEqual([id]);
    }
    for (const query of ['email=no@x.example', 'phone=%2B4570123459', 'externalId=CRM-1', "externalId=' OR true --"]) {
      expect(await find(api, query)).toEqual([]);
    }
    expect((await api.get('/v1/endusers?email=no@x.example')).body).toEqual({ data: [], meta: {} });
    expect(await find(await app.createTestOrganization(), 'externalId=crm-1')).toEqual([]);
  });

  it.each([
    ['email=a@x.example&phone=%2B4570123456', 'phone (only one of email, phone and externalId'],
    ['email=a@x.example&externalId=x', 'externalId (only one'],
    ['phone=12', 'phone (must be a phone number'],
    ['email=x', 'email (must be an e-mail address'],
    ['email=', 'email (must not be empty'],
    ['externalId=', 'externalId (must not be empty'],
    [`externalId=${'x'.repeat(256)}`, 'externalId (must have at most 255'],
    ['externalId=%00', 'externalId (must not contain NUL'],
    ['email=a@x.example&email=b@x.example', 'email (must be sent once'],
  ])('is not filtered by %.60s', async (query, reason) => {
    const api = await app.createTestOrganization();
    const answer = await api.get(`/v1/endusers?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(`Invalid value for: query parameter ${reason}`);
  });
});

describe('An end user that is forgotten', () => {
  it('keeps its id and nothing else, and its addresses are free', async () => {
    const api = await app.createTestOrganization();
    const attribute = await api.create('/v1/custom-attributes', TEXT);
    const { id, createdAt } = await create(api, ALICE);
    await api.patch(`/v1/endusers/${id}/custom-attributes`, { [attribute.id]: 'x' });
    await anonymize(api, id, ['RequestAnonymization']);
    expect(await get(api, id)).toMatchObject(ALICE);
    await expect(anonymize(api, id, ['RequestAnonymization'])).rejects.toMatchObject({ kind: 'conflict' });
    await anonymize(api, id, ['Anonymize', 'Anonymize']);
    const nobody = { id, createdAt, updatedAt: INSTANT, ...NOBODY };
    expect(await get(api, id)).toEqual({ ...nobody, customAttributes: [] });
    expect((await api.get('/v1/endusers')).body.data).toEqual([nobody]);
    expect((await eventsOf(id)).slice(2)).toEqual(['EndUserAnonymizationRequested', 'EndUserAnonymized']);
    expect(await create(api, ALICE)).toMatchObject(ALICE);
  });

  it.each([[['RequestAnonymization'] as const], [['RequestAnonymization', 'Anonymize'] as const]])(
    'does not change any more after %j',
    async (commands) => {
      const api = await app.createTestOrganization();
      const attribute = await api.create('/v1/custom-attributes', TEXT);
      const { id } = await create(api, ALICE);
      await anonymize(api, id, [...commands]);
      const before = await eventsOf(id);
      for (const answer of [
        await api.patch(`/v1/endusers/${id}`, { displayName: 'x' }),
        await api.put(`/v1/endusers/${id}`, { displayName: 'x' }),
        await api.patch(`/v1/endusers/${id}/custom-attributes`, { [attribute.id]: 'x' }),
      ]) {
        expect(answer.status).toBe(409);
        expect(answer.body.message).toMatch(/anonymized$/);
      }
      expect(await eventsOf(id)).toEqual(before);
    },
  );

  it('does not change either when that comes at the same time', async () => {
    const api = await app.createTestOrganization();
    const { id, createdAt } = await create(api, ALICE);
    const patches = Array.from({ length: 10 }, (_, index) =>
      api.patch(`/v1/endusers/${id}`, { firstName: `${index}` }),
    );
    await anonymize(api, id, ['Anonymize']).catch(() => anonymize(api, id, ['Anonymize']));
    const statuses = (await Promise.all(patches)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect(await get(api, id)).toEqual({ id, createdAt, updatedAt: INSTANT, ...NOBODY, customAttributes: [] });
  });

  it('is closed to those who begin something with it', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, ALICE);
    const isOpen = (userId: string, organizationId = api.organizationId) =>
      app.runtime.database.write(organizationId, [endUserIsOpen(organizationId, userId)]);
    const requester = () => app.runtime.database.query(api.organizationId, requesterById(api.organizationId, id));
    const { displayName, email, phoneNumber } = ALICE;
    const row = { id, displayName, email, phoneNumber };
    expect(await requester()).toEqual([{ ...row, anonymizationRequested: false }]);
    await expect(isOpen(id)).resolves.toBeUndefined();
    await expect(isOpen(randomUUID())).rejects.toMatchObject({ code: 'DS001' });
    await expect(isOpen(id, randomUUID())).rejects.toMatchObject({ code: 'DS001' });
    await anonymize(api, id, ['RequestAnonymization']);
    expect(await requester()).toEqual([{ ...row, anonymizationRequested: true }]);
    await expect(isOpen(id)).rejects.toMatchObject({ code: 'DS001' });
  });
});

describe('Requests for end users', () => {
  it('of another organization find nothing', async () => {
    const [owner, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { id } = await create(owner, ALICE);
    const unknown = randomUUID();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', { displayName: 'x' }],
      ['PATCH', '', { displayName: 'x' }],
      ['PATCH', '/custom-attributes', { x: 'y' }],
    ] as const) {
      const foreign = await stranger.send(method, `/v1/endusers/${id}${path}`, body);
      const missing = await stranger.send(method, `/v1/endusers/${unknown}${path}`, body);
      expect([foreign.status, missing.status]).toEqual([404, 404]);
      expect(foreign.body.message.replace(id, '')).toBe(missing.body.message.replace(unknown, ''));
      const malformed = await owner.send(method, `/v1/endusers/1${path}`, body);
      expect(malformed.status).toBe(400);
      expect(malformed.body.message).toBe('Invalid value for: path parameter userId (must be a UUID)');
    }
    expect(await get(owner, id)).toMatchObject(ALICE);
    expect(await eventsOf(id)).toHaveLength(1);
  });

  const WRONG: [object, string][] = [
    [{ displayName: 5 }, 'displayName must be a string'],
    [{ displayName: ' ' }, 'displayName must not be empty'],
    [{ displayName: 'x'.repeat(256) }, 'displayName must have at most 255 characters'],
    [{ displayName: 'a\0' }, 'displayName must not contain NUL'],
    [{ displayName: '\ud800' }, 'displayName must not contain NUL characters or lone surrogates'],
    [{ email: 'x' }, 'email must be an e-mail address'],
    [{ email: '' }, 'email must not be empty'],
    [{ email: ['a@x.example'] }, 'email must be a string'],
    [{ email: `${'x'.repeat(250)}@x.example` }, 'email must have at most 254 characters'],
    [{ phoneNumber: 'x' }, 'phoneNumber must be a phone number'],
    [{ phoneNumber: 4570123456 }, 'phoneNumber must be a string'],
    [{ additionalEmails: 'a@x.example' }, 'additionalEmails must be an array'],
    [{ additionalEmails: ['a@x.example', null] }, 'additionalEmails [1] must be a string'],
    [{ additionalEmails: ['a@x.example', 'A@x.example '] }, 'additionalEmails must not contain a value twice'],
    [{ additionalEmails: Array.from({ length: 21 }, (_, i) => `${i}@x.example`) }, 'at most 20 items'],
    [{ additionalPhoneNumbers: ['+4570123456', '+45 70123456'] }, 'must not contain an address twice'],
    [{ additionalPhoneNumbers: ['12'] }, 'additionalPhoneNumbers[0] must be a phone number'],
    [{ middleNames: [''] }, 'middleNames [0] must not be empty'],
    [{ middleNames: { 0: 'x' } }, 'middleNames must be an array'],
    [{ avatarUrl: 'javascript:alert(1)' }, 'avatarUrl must be an http or https URL'],
    [{ externalId: 5 }, 'externalId must be a string'],
    [{ externalId: 'x'.repeat(256) }, 'externalId must have at most 255 characters'],
    [{ firstName: {} }, 'firstName must be a string'],
  ];

  it.each(WRONG)('with %.60j are refused', async (fields, reason) => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, { displayName: 'x' });
    for (const answer of [
      await api.post('/v1/endusers', fields),
      await api.put(`/v1/endusers/${id}`, { displayName: 'y', ...fields }),
      await api.patch(`/v1/endusers/${id}`, { lastName: 'y', ...fields }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: body');
      expect(answer.body.message).toContain(reason);
    }
    expect(await countOf(api)).toBe(1);
  });

  it.each(['', 'null', '[]', '"x"', '{'])('with the body %s are refused', async (body) => {
    const api = await app.createTestOrganization();
    const { id } = await create(api);
    expect((await api.post('/v1/endusers', body)).status).toBe(400);
    expect((await api.put(`/v1/endusers/${id}`, body)).status).toBe(400);
    expect((await api.patch(`/v1/endusers/${id}`, body)).status).toBe(400);
  });

  it('that would lose data by a misspelt field are refused', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, { displayName: 'x' });
    expect((await api.post('/v1/endusers', { displayName: 'x', emial: 'a@x.example' })).status).toBe(400);
    expect((await api.put(`/v1/endusers/${id}`, { displayName: 'y', emial: 'a@x.example' })).status).toBe(400);
    expect((await api.patch(`/v1/endusers/${id}`, { emial: 'a@x.example' })).status).toBe(400);
    expect((await api.put(`/v1/endusers/${id}`, { email: 'a@x.example' })).body.message).toContain('displayName');
    expect((await api.put(`/v1/endusers/${id}`, { displayName: null })).body.message).toContain('displayName');
    expect(await eventsOf(id)).toHaveLength(1);
  });
});

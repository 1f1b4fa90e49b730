import { randomUUID } from 'node:crypto';
import { SetDefaultRegion, SetDefaultRegionHandler } from '#libs/organizations/organizations.handlers.js';
import {
  ALICE,
  countEvents,
  createEndUser,
  eventsOf,
  findEndUsers,
  getEndUser,
  INSTANT,
  NOBODY,
  TEXT,
} from './support/end-users.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

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
    expect(await getEndUser(api, alice.id)).toEqual(alice);
    const listed = { ...alice, customAttributes: undefined };
    expect((await api.get('/v1/endusers')).body).toEqual({ data: [listed], meta: {} });
  });

  it('need no field at all, and leave out what they do not have', async () => {
    const api = await app.createTestOrganization();
    for (const fields of [{}, { email: null, middleNames: null, displayName: null, additionalEmails: [] }]) {
      const user = await createEndUser(api, fields);
      expect(user).toEqual({ id: user.id, createdAt: INSTANT, updatedAt: INSTANT, ...NOBODY, customAttributes: [] });
      expect(await getEndUser(api, user.id)).toEqual(user);
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
      const { id } = await createEndUser(api, { displayName, middleNames: [displayName, '{},"\\'] });
      expect(await getEndUser(api, id)).toMatchObject({ displayName, middleNames: [displayName, '{},"\\'] });
    }
  });

  it('keep addresses in one spelling', async () => {
    const api = await app.createTestOrganization();
    const user = await createEndUser(api, {
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
    const { id, phoneNumber } = await createEndUser(local, { phoneNumber: '70 12 34 56' });
    expect(phoneNumber).toBe('+4570123456');
    expect(await findEndUsers(local, 'phone=70123456')).toEqual([id]);
    const refused = await abroad.post('/v1/endusers', { phoneNumber: '70 12 34 56' });
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain('phoneNumber must be a phone number, with its country code');
  });

  it('do not keep what is personal in readable events', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, ALICE);
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
    const { id, createdAt } = await createEndUser(api, ALICE);
    const put = (fields: object) => api.put(`/v1/endusers/${id}`, fields);
    const answer = await put({ displayName: 'Ali', lastName: null, externalId: 'crm-2' });
    expect(answer.status).toBe(200);
    const { additionalExternalIds } = ALICE;
    const replaced = { ...NOBODY, displayName: 'Ali', externalId: 'crm-2', additionalExternalIds };
    const expected = { id, createdAt, updatedAt: INSTANT, ...replaced, customAttributes: [] };
    expect(answer.body.data).toEqual(expected);
    expect(await getEndUser(api, id)).toEqual(expected);
    expect((await put({ displayName: 'Ali', externalId: 'crm-2' })).body.data).toEqual(expected);
    expect(await eventsOf(app, id)).toEqual(['EndUserCreated', 'EndUserUpdated']);
    expect((await put({ ...ALICE })).body.data).toMatchObject(ALICE);
  });

  it('are changed by a PATCH in what it names, null clears', async () => {
    const api = await app.createTestOrganization();
    const { id, createdAt } = await createEndUser(api, ALICE);
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
    expect(await eventsOf(app, id)).toEqual(['EndUserCreated', 'EndUserUpdated']);
    expect(await getEndUser(api, id)).toEqual(expected);
  });

  it('do not lose a change when 20 are made at once', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api);
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
    const user = await getEndUser(api, id);
    for (const { field, value } of applied) expect(user[field]).toEqual(value);
    expect(await eventsOf(app, id)).toHaveLength(1 + new Set(applied.map(({ field }) => field)).size);
  });
});

describe('A list of end users', () => {
  it('is filtered by any address, in any spelling', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, ALICE);
    await createEndUser(api, { email: 'other@x.example' });
    for (const query of [
      'email=ALICE@x.example',
      'email=ali@x.example',
      `email=${encodeURIComponent(' alice@Y.example')}`,
      'phone=%2B4570123456',
      'phone=+45%2070%2012%2034%2057',
      'externalId=crm-1&unknown=1',
    ]) {
      expect(await findEndUsers(api, query)).toEqual([id]);
    }
    for (const query of ['email=no@x.example', 'phone=%2B4570123459', 'externalId=CRM-1', "externalId=' OR true --"]) {
      expect(await findEndUsers(api, query)).toEqual([]);
    }
    expect((await api.get('/v1/endusers?email=no@x.example')).body).toEqual({ data: [], meta: {} });
    expect(await findEndUsers(await app.createTestOrganization(), 'externalId=crm-1')).toEqual([]);
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

describe('Requests for end users', () => {
  it('of another organization find nothing', async () => {
    const [owner, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { id } = await createEndUser(owner, ALICE);
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
    expect(await getEndUser(owner, id)).toMatchObject(ALICE);
    expect(await eventsOf(app, id)).toHaveLength(1);
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
    const { id } = await createEndUser(api, { displayName: 'x' });
    for (const answer of [
      await api.post('/v1/endusers', fields),
      await api.put(`/v1/endusers/${id}`, { displayName: 'y', ...fields }),
      await api.patch(`/v1/endusers/${id}`, { lastName: 'y', ...fields }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: body');
      expect(answer.body.message).toContain(reason);
    }
    expect(await countEvents(app, api)).toBe(1);
  });

  it.each(['', 'null', '[]', '"x"', '{'])('with the body %s are refused', async (body) => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api);
    expect((await api.post('/v1/endusers', body)).status).toBe(400);
    expect((await api.put(`/v1/endusers/${id}`, body)).status).toBe(400);
    expect((await api.patch(`/v1/endusers/${id}`, body)).status).toBe(400);
  });

  it('that would lose data by a misspelt field are refused', async () => {
    const api = await app.createTestOrganization();
    const { id } = await createEndUser(api, { displayName: 'x' });
    expect((await api.post('/v1/endusers', { displayName: 'x', emial: 'a@x.example' })).status).toBe(400);
    expect((await api.put(`/v1/endusers/${id}`, { displayName: 'y', emial: 'a@x.example' })).status).toBe(400);
    expect((await api.patch(`/v1/endusers/${id}`, { emial: 'a@x.example' })).status).toBe(400);
    expect((await api.put(`/v1/endusers/${id}`, { email: 'a@x.example' })).body.message).toContain('displayName');
    expect((await api.put(`/v1/endusers/${id}`, { displayName: null })).body.message).toContain('displayName');
    expect(await eventsOf(app, id)).toHaveLength(1);
  });
});

import { randomUUID } from 'node:crypto';
import { MAX_CONTACT_ENDPOINTS } from '#libs/contact-endpoints/contact-endpoint.rules.js';
import { type Answer, type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, inbound } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const ENDPOINTS = '/v1/contact-endpoints';
const EMAIL = { _type: 'EmailEndpoint', address: 'support@acme.example', name: 'Support' };
const PHONE = { _type: 'TelephonyEndpoint', number: '+4578787878', name: 'Hotline', functionality: ['Sms'] };
const pathOf = (id: string) => `${ENDPOINTS}/${encodeURIComponent(id)}`;
const listed = async () => (await api.get(ENDPOINTS)).body.data as unknown[];

describe('Contact endpoints', () => {
  it.each([
    [EMAIL, EMAIL.address],
    [{ ...EMAIL, senderOverride: 'noreply@acme.example' }, EMAIL.address],
    [PHONE, PHONE.number],
  ])('are created, and read by their address or number: %j', async (endpoint, id) => {
    const created = await api.post(ENDPOINTS, endpoint);
    expect([created.status, created.body]).toEqual([201, { data: endpoint }]);
    expect(await api.get(pathOf(id))).toMatchObject({ status: 200, body: { data: endpoint } });
    expect(await listed()).toEqual([endpoint]);
  });

  it('are stored in one spelling, and found by any', async () => {
    const email = await api.create(ENDPOINTS, {
      _type: 'EmailEndpoint',
      address: ' Hilfe@Müller.example ',
      name: null,
    });
    const phone = await api.create(ENDPOINTS, { _type: 'TelephonyEndpoint', number: '0045 78 78 78 78', x: 1 });
    expect([email, phone]).toEqual([
      { _type: 'EmailEndpoint', address: 'hilfe@müller.example' },
      { _type: 'TelephonyEndpoint', number: '+4578787878' },
    ]);
    for (const id of ['HILFE@xn--mller-kva.example', '+45 78 78 78 78']) {
      expect((await api.get(pathOf(id))).status).toBe(200);
    }
    expect((await api.get(`${ENDPOINTS}/+4578787878`)).body.data).toEqual(phone);
  });

  it('are listed by address and number', async () => {
    for (const address of ['b@acme.example', 'a@acme.example']) await api.create(ENDPOINTS, { ...EMAIL, address });
    await api.create(ENDPOINTS, PHONE);
    const ids = (await listed()).map((endpoint) => (endpoint as typeof EMAIL).address);
    expect(ids.filter(Boolean)).toEqual(['a@acme.example', 'b@acme.example']);
    expect(ids).toHaveLength(3);
  });

  it('have an address or number of their own, also when they are created at once', async () => {
    const spellings = ['support@acme.example', 'SUPPORT@acme.example', '"support"@ACME.example'];
    const answers = await Promise.all(spellings.map((address) => api.post(ENDPOINTS, { ...EMAIL, address })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
    const refused = await api.post(ENDPOINTS, { ...EMAIL, address: 'Support@acme.example' });
    const message = 'already belongs to a contact endpoint; change that one with PATCH';
    expect(refused.body).toMatchObject({
      message: `Validation failure: address Support@acme.example ${message}`,
      faults: [{ path: 'address', message }],
    });
    expect(await listed()).toHaveLength(1);
  });

  it('are changed field by field, and null clears a field', async () => {
    await api.create(ENDPOINTS, EMAIL);
    await api.create(ENDPOINTS, PHONE);
    const patch = async (id: string, body: object) => (await api.patch(pathOf(id), body)).body.data;
    const override = { senderOverride: 'noreply@acme.example' };
    expect(await patch('SUPPORT@acme.example', override)).toEqual({ ...EMAIL, ...override });
    expect(await patch(EMAIL.address, { name: null })).toEqual({ ...EMAIL, name: undefined, ...override });
    expect(await patch(PHONE.number, { functionality: ['Voice', 'Sms'] })).toMatchObject({ name: 'Hotline' });
    expect(await patch(PHONE.number, { functionality: null })).toEqual({ ...PHONE, functionality: undefined });
  });

  it('are deleted, and their addresses are free', async () => {
    await api.create(ENDPOINTS, EMAIL);
    const path = pathOf(EMAIL.address);
    const removed = await api.delete(path);
    expect([removed.status, removed.body]).toEqual([204, '']);
    const missing = 'Contact endpoint support@acme.example could not be found';
    for (const answer of [await api.get(path), await api.patch(path, { name: 'x' }), await api.delete(path)]) {
      expect([answer.status, answer.body.message]).toEqual([404, missing]);
    }
    expect((await api.post(ENDPOINTS, EMAIL)).status).toBe(201);
  });

  it('were what they were, also those that are gone', async () => {
    await api.create(ENDPOINTS, EMAIL);
    await api.create(ENDPOINTS, { ...EMAIL, address: 'a@acme.example' });
    const [last] = await app.database.sql<{ at: Date }>(
      'SELECT max(recorded_at) AS at FROM events WHERE organization_id = $1',
      [api.organizationId],
    );
    const asOf = `asOf=${(last as { at: Date }).at.toISOString()}`;
    await api.delete(pathOf(EMAIL.address));
    expect((await api.get(`${ENDPOINTS}?${asOf}`)).body.data).toEqual([{ ...EMAIL, address: 'a@acme.example' }, EMAIL]);
    expect((await api.get(`${pathOf(EMAIL.address)}?${asOf}`)).body.data).toEqual(EMAIL);
    const missing = await api.get(`${pathOf('b@acme.example')}?${asOf}`);
    expect(missing.body.message).toMatch(/^Contact endpoint b@acme.example did not exist at \d{4}-/);
  });

  it('are created once under an Idempotency-Key', async () => {
    const create = () => api.send('POST', ENDPOINTS, EMAIL, { 'idempotency-key': 'k' });
    const [first, again] = [await create(), await create()];
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    const other = await api.send('POST', ENDPOINTS, EMAIL, { 'idempotency-key': randomUUID() });
    expect(other.status).toBe(400);
  });

  it('are not those of another organization', async () => {
    const stranger = await app.createTestOrganization();
    await api.create(ENDPOINTS, EMAIL);
    expect((await stranger.get(ENDPOINTS)).body.data).toEqual([]);
    expect((await stranger.delete(pathOf(EMAIL.address))).status).toBe(404);
    expect((await stranger.post(ENDPOINTS, EMAIL)).status).toBe(201);
  });

  it.each([
    [{ ...EMAIL, _type: 'FaxEndpoint' }, '_type must be one of: EmailEndpoint, TelephonyEndpoint'],
    [{ address: 'a@acme.example' }, '_type must be one of: EmailEndpoint, TelephonyEndpoint'],
    [{ ...EMAIL, address: undefined }, 'address must be a string, but is missing'],
    [{ ...EMAIL, address: null }, 'address must be a string'],
    [{ ...EMAIL, address: 'support' }, 'address must be an e-mail address'],
    [{ ...EMAIL, address: `${'x'.repeat(250)}@acme.example` }, 'address must have at most 254 characters'],
    [{ ...EMAIL, senderOverride: 'Acme' }, 'senderOverride must be an e-mail address'],
    [{ ...EMAIL, name: 'x'.repeat(256) }, 'name must have at most 255 characters'],
    [{ ...PHONE, number: '78787878' }, 'number must be a phone number with its country code, such as +4578787878'],
    [{ ...PHONE, number: 4578787878 }, 'number must be a string'],
    [{ ...PHONE, functionality: 'Sms' }, 'functionality must be an array'],
    [{ ...PHONE, functionality: ['x'.repeat(65)] }, 'functionality [0] must have at most 64 characters'],
    [{ ...PHONE, functionality: ['a', 'a'] }, 'functionality must not contain a value twice'],
    [{ ...PHONE, functionality: Array.from({ length: 21 }, String) }, 'functionality must have at most 20 items'],
    [[], 'must be a JSON object'],
    ['null', 'must be a JSON object'],
  ])('are not created from %j', async (body, reason) => {
    const answer = await api.post(ENDPOINTS, body);
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('Invalid value for: body')]);
    expect(answer.body.message).toContain(reason);
    expect(await listed()).toEqual([]);
  });

  it.each([
    [{ address: 'a@acme.example' }, 'address'],
    [{ functionality: ['Sms'] }, 'functionality is not a field of EmailEndpoint; it has name and senderOverride'],
    [{ name: '' }, 'name must not be empty'],
    [{ senderOverride: 'x' }, 'senderOverride must be an e-mail address'],
  ])('are not changed by %j', async (body, reason) => {
    await api.create(ENDPOINTS, EMAIL);
    const answer = await api.patch(pathOf(EMAIL.address), body);
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining(reason)]);
    expect(await listed()).toEqual([EMAIL]);
  });

  it.each(['78787878', 'support', 'a@', randomUUID()])('are not named by %s', async (id) => {
    const reason = 'must be an e-mail address, or a phone number with its country code such as +4578787878';
    for (const answer of [await api.get(pathOf(id)), await api.patch(pathOf(id), {}), await api.delete(pathOf(id))]) {
      const message = `Invalid value for: path parameter contactEndpointId (${reason})`;
      expect([answer.status, answer.body.message]).toEqual([400, message]);
    }
  });

  it('are at most 1,000, also when several are created at once', async () => {
    await app.database.sql(
      `INSERT INTO contact_endpoints SELECT $1, gen_random_uuid(), 1, 1, now(), '{}', '{}', 'EmailEndpoint', n, n
       FROM (SELECT n || '@acme.example' AS n FROM generate_series(2, $2) AS n)`,
      [api.organizationId, MAX_CONTACT_ENDPOINTS],
    );
    const create = (n: number) => api.post(ENDPOINTS, { ...PHONE, number: `+457878787${n}` });
    const answers = await Promise.all([1, 2, 3, 4].map(create));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const message = 'The organization has 1,000 contact endpoints, which is the maximum. Delete an unused one';
    expect((await create(5)).body.message).toBe(message);
  });
});

describe('A new conversation', () => {
  const sms = (requesterId: string, contactEndpointId: string) => ({
    _type: 'Sms',
    requesterId,
    contactEndpointId,
    message: inbound(),
  });
  let userId: string;
  let queueId: string;
  beforeEach(async () => {
    ({ userId, queueId } = await createSupportTeam(api));
  });
  const begin = (body: object): Promise<Answer> => api.post('/v1/conversations', body);
  const refusal = (field: string, kind: string, list: string) => ({
    status: 400,
    body: {
      message: `Invalid value for: body (${field} must be the ${kind} of a contact endpoint; this organization has: ${list})`,
    },
  });

  it('names any address while the organization has no endpoint of the type', async () => {
    await api.create(ENDPOINTS, PHONE);
    expect((await begin(emailFrom(userId))).status).toBe(201);
  });

  it.each(['Email', 'ContactForm'])('by %s names an EmailEndpoint if there is one, in any spelling', async (_type) => {
    await api.create(ENDPOINTS, EMAIL);
    const from = (emailIntegrationId: string) => begin(emailFrom(userId, { _type, emailIntegrationId }));
    expect((await from('Support@ACME.example')).status).toBe(201);
    expect(await from('sales@acme.example')).toMatchObject(refusal('emailIntegrationId', 'address', EMAIL.address));
  });

  it('by Sms or Callback names a TelephonyEndpoint if there is one, in any spelling', async () => {
    await api.create(ENDPOINTS, PHONE);
    const callback = (contactEndpointId: string) =>
      begin({ _type: 'Callback', requesterId: userId, contactEndpointId, queueId, direction: 'Inbound' });
    const unknown = refusal('contactEndpointId', 'number', PHONE.number);
    for (const number of [PHONE.number, '+45 78 78 78 78']) {
      expect((await begin(sms(userId, number))).status).toBe(201);
      expect((await callback(number)).status).toBe(201);
    }
    for (const number of ['+4570000000', 'hotline']) {
      expect(await begin(sms(userId, number))).toMatchObject(unknown);
      expect(await callback(number)).toMatchObject(unknown);
    }
  });

  it('by Chat names none', async () => {
    await api.create(ENDPOINTS, EMAIL);
    await api.create(ENDPOINTS, PHONE);
    const chat = { _type: 'Chat', requesterId: userId, widgetId: randomUUID(), message: inbound() };
    expect((await begin(chat)).status).toBe(201);
  });

  it('that names none is told of ten, and how many more there are', async () => {
    const numbers = Array.from({ length: 12 }, (_, index) => `+45787878${10 + index}`);
    for (const number of numbers) await api.create(ENDPOINTS, { ...PHONE, number });
    const list = `${numbers.slice(0, 10).join(', ')} and 2 more`;
    expect(await begin(sms(userId, '+4570000000'))).toMatchObject(refusal('contactEndpointId', 'number', list));
  });
});

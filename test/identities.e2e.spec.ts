import { randomUUID } from 'node:crypto';
import { waitFor } from '#libs/testing/wait-for.js';
import { startWebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { type Answer, type ApiClient } from './support/api-client.js';
import { createSupportTeam, emailFrom, inbound } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let api: ApiClient;
beforeAll(async () => {
  app = await startTestApp({ worker: true });
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
});

const create = (fields: object = {}): Promise<any> => api.create('/v1/endusers', fields);
const get = async (id: string) => (await api.get(`/v1/endusers/${id}`)).body.data;
const all = async () => (await api.get('/v1/endusers?pageLimit=200')).body.data;
const find = async (query: string) => {
  const { body } = await api.get(`/v1/endusers?${query}`);
  return body.data.map(({ id }: { id: string }) => id);
};
const put = (externalId: string, body: unknown) =>
  api.put(`/v1/endusers/external/${encodeURIComponent(externalId)}`, body);
const merge = (id: string, intoId: string) => api.post(`/v1/endusers/${id}/merge`, { intoId });
const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();

describe('The end user with an external id', () => {
  it('is created by the first PUT and replaced by the next', async () => {
    const first = await put('crm-1', { displayName: 'Alice', email: 'a@x.example', phoneNumber: '+4570123456' });
    expect(first.status).toBe(201);
    expect(first.body.data).toMatchObject({ displayName: 'Alice', email: 'a@x.example', externalId: 'crm-1' });
    const second = await put('crm-1', { displayName: 'Ali', externalId: 'crm-1' });
    expect(second.status).toBe(200);
    const { id, createdAt } = first.body.data;
    expect(second.body.data).toEqual({
      id,
      createdAt,
      updatedAt: expect.any(String),
      displayName: 'Ali',
      externalId: 'crm-1',
      additionalEmails: [],
      additionalPhoneNumbers: [],
      additionalExternalIds: [],
      middleNames: [],
      customAttributes: [],
    });
    expect(await get(id)).toEqual(second.body.data);
    expect(await all()).toHaveLength(1);
  });

  it('is one, however many ask for it at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => put('crm-1', { displayName: 'Alice', email: 'a@x.example' })),
    );
    expect(statuses(answers)).toEqual([...Array<number>(39).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    expect(await all()).toHaveLength(1);
  });

  it('is one also when it is created at the same time by other means', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 ? put('crm-1', { displayName: 'x' }) : api.post('/v1/endusers', { externalId: 'crm-1' }),
      ),
    );
    const puts = answers.filter((_, index) => index % 2);
    expect(puts.filter(({ status }) => status !== 200 && status !== 201)).toEqual([]);
    expect(await all()).toHaveLength(1);
    expect((await all())[0].displayName).toBe('x');
  });

  it.each([
    ' A b ',
    'a/b?c=d#e&f',
    '100%',
    'Füße',
    '山田',
    "' OR true --",
    'x'.repeat(255),
    '字'.repeat(255),
    'external',
  ])('may have any: %.20s', async (externalId) => {
    const { status, body } = await put(externalId, { displayName: 'x' });
    expect(status).toBe(201);
    expect(body.data.externalId).toBe(externalId);
    expect((await put(externalId, { displayName: 'y' })).body.data).toMatchObject({ id: body.data.id, externalId });
  });

  it.each([
    ['x'.repeat(256), 'must have at most 255 characters'],
    [' ', 'must not be empty'],
    ['a\0', 'must not contain NUL'],
  ])('has none like %.20j', async (externalId, reason) => {
    const { status, body } = await put(externalId, { displayName: 'x' });
    expect(status).toBe(400);
    expect(body.message).toBe(
      `Invalid value for: path parameter externalId (${reason}${body.message.split(reason)[1]}`,
    );
  });

  it.each([
    [{ displayName: 'x', externalId: 'crm-2' }, 'externalId must be the external id in the path, or be omitted'],
    [{}, 'displayName must be a string'],
    [{ displayName: 'x', emial: 'y' }, 'emial is not a field of this request'],
    [{ displayName: 'x', email: 5 }, 'email must be a string'],
    [{ displayName: 'x', phoneNumber: '12' }, 'phoneNumber must be a phone number'],
    [{ displayName: 'x', additionalExternalIds: [] }, 'additionalExternalIds is not a field of this request'],
  ])('is not made of %j', async (body, reason) => {
    const answer = await put('crm-1', body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect(await all()).toEqual([]);
  });

  it('does not take an address of another end user', async () => {
    const other = await create({ email: 'a@x.example' });
    for (const externalId of ['crm-1', 'crm-1']) {
      const { status, body } = await put(externalId, { displayName: 'x', email: 'a@x.example' });
      expect(status).toBe(400);
      expect(body.message).toContain(`email a@x.example already belongs to end user ${other.id}`);
    }
  });

  it('is found by additional ones as well, and keeps them all', async () => {
    const { id } = await create({ externalId: 'crm-1', additionalExternalIds: ['crm-2'] });
    const { status, body } = await put('crm-2', { displayName: 'x' });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ id, displayName: 'x', externalId: 'crm-1', additionalExternalIds: ['crm-2'] });
    expect(await find('externalId=crm-2')).toEqual([id]);
    expect((await api.post('/v1/endusers', { externalId: 'crm-2' })).status).toBe(400);
    await api.patch(`/v1/endusers/${id}`, { additionalExternalIds: [] });
    expect((await put('crm-2', { displayName: 'y' })).status).toBe(201);
  });

  it('is created once, and answered again, under an Idempotency-Key', async () => {
    const repeat = () =>
      api.send('PUT', '/v1/endusers/external/crm-1', { displayName: 'x' }, { 'idempotency-key': 'once' });
    const [first, second] = [await repeat(), await repeat()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
  });

  it('is another one in another organization', async () => {
    const { body } = await put('crm-1', { displayName: 'x' });
    const stranger = await app.createTestOrganization();
    const theirs = await stranger.put('/v1/endusers/external/crm-1', { displayName: 'y' });
    expect(theirs.status).toBe(201);
    expect(await get(body.data.id)).toMatchObject({ displayName: 'x' });
  });
});

describe('A merged end user', () => {
  const TEXT = { entityType: 'Contact', identifier: 'plan', label: 'Plan', inputDefinition: { _type: 'Text' } };

  /** Every operation that names an end user. */
  const operationsOn = (id: string): Promise<Answer>[] => [
    api.get(`/v1/endusers/${id}`),
    api.put(`/v1/endusers/${id}`, { displayName: 'x' }),
    api.patch(`/v1/endusers/${id}`, { displayName: 'x' }),
    api.patch(`/v1/endusers/${id}/custom-attributes`, { [randomUUID()]: 'x' }),
    api.patch(`/v1/endusers/${id}/anonymize`),
    api.get(`/v1/endusers/${id}/conversations`),
    api.post('/v1/conversations', emailFrom(id)),
    merge(id, randomUUID()),
  ];

  it('leaves a tombstone that says what it was merged into, whatever is asked of it', async () => {
    const [one, two] = [await create({ displayName: 'one' }), await create({ displayName: 'two' })];
    expect((await merge(one.id, two.id)).status).toBe(200);
    const answers = await Promise.all([...operationsOn(one.id), merge((await create()).id, one.id)]);
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body).toMatchObject({
        message: `End user ${one.id} could not be found: it was merged into end user ${two.id}`,
        code: 'not-found',
        mergedInto: two.id,
      });
    }
    const bulk = await api.patch('/v1/endusers', { data: [{ id: one.id, firstName: 'x' }] });
    expect(bulk.body.data[0].error).toMatchObject({ _type: 'NotFound', message: expect.stringContaining(two.id) });
    expect((await all()).map(({ id }: { id: string }) => id)).not.toContain(one.id);
    for (const answer of await Promise.all(operationsOn(randomUUID()))) {
      expect(answer.status).toBe(404);
      expect(answer.body).not.toHaveProperty('mergedInto');
    }
  });

  it('hands over conversations, addresses, external ids and custom attributes', async () => {
    const { tagId } = await createSupportTeam(api);
    const plan = await api.create('/v1/custom-attributes', TEXT);
    const one = await create({
      displayName: 'One',
      email: 'one@x.example',
      phoneNumber: '+4570123001',
      externalId: '1',
    });
    const two = await create({ firstName: 'Two', email: 'two@x.example', externalId: '2' });
    await api.patch(`/v1/endusers/${one.id}/custom-attributes`, { [plan.id]: 'gold' });
    const mine = await api.create('/v1/conversations', emailFrom(one.id));
    const closed = await api.create('/v1/conversations', emailFrom(one.id));
    await api.put(`/v1/conversations/${closed.id}/close`, {});
    const theirs = await api.create('/v1/conversations', emailFrom(two.id));

    const { status, body } = await merge(one.id, two.id);
    expect(status).toBe(200);
    expect(body.data).toEqual(await get(two.id));
    expect(body.data).toMatchObject({
      id: two.id,
      displayName: 'One',
      firstName: 'Two',
      email: 'two@x.example',
      phoneNumber: '+4570123001',
      additionalEmails: ['one@x.example'],
      externalId: '2',
      additionalExternalIds: ['1'],
      customAttributes: [{ id: plan.id, value: 'gold' }],
    });
    for (const query of ['email=one@x.example', 'phone=%2B4570123001', 'externalId=1', 'namePrefix=one']) {
      expect(await find(query)).toEqual([two.id]);
    }
    expect(await find(`attributeId=${plan.id}&attributeValue=gold`)).toEqual([two.id]);
    const listed = (await api.get(`/v1/endusers/${two.id}/conversations`)).body.data;
    expect(listed.map(({ id }: { id: number }) => id).sort()).toEqual([mine.id, closed.id, theirs.id].sort());
    for (const { requesterId } of listed) expect(requesterId).toBe(two.id);
    expect((await api.put(`/v1/conversations/${mine.id}/tags/${tagId}`)).status).toBe(204);
    expect((await put('1', { displayName: 'New' })).body.data.id).toBe(two.id);
  });

  it('is told to subscribers', async () => {
    const receiver = await startWebhookReceiver();
    await api.subscribe(receiver.url, ['EndUserMerged', 'ConversationEndUserReplaced']);
    const [one, two] = [await create({ email: 'one@x.example' }), await create({ email: 'two@x.example' })];
    const { id } = await api.create('/v1/conversations', emailFrom(one.id));
    await merge(one.id, two.id);
    await waitFor('both deliveries', () => receiver.received.length === 2);
    const data = (fqn: string) => receiver.received.find(({ payload }) => payload.event_fqn === fqn)?.payload.data;
    expect(data('END_USER_MERGED')).toMatchObject({
      end_user: { id: two.id, email: 'two@x.example', additional_emails: ['one@x.example'] },
      merged_end_user: { id: one.id },
    });
    expect(data('CONVERSATION_END_USER_REPLACED')).toMatchObject({
      conversation: { csid: id, requester: { id: two.id, email: 'two@x.example' } },
      replaced_end_user: { id: one.id },
    });
    await receiver.close();
  });

  it('is merged once, and answered again, under an Idempotency-Key', async () => {
    const [one, two] = [await create({ email: 'one@x.example' }), await create()];
    await api.create('/v1/conversations', emailFrom(one.id));
    const repeat = () =>
      api.send('POST', `/v1/endusers/${one.id}/merge`, { intoId: two.id }, { 'idempotency-key': 'once' });
    const [first, second] = [await repeat(), await repeat()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual(first.body);
    expect((await api.get(`/v1/endusers/${two.id}/conversations`)).body.data).toHaveLength(1);
  });

  it('is still seen as of the time before, and exported with the one that it was merged into', async () => {
    const [one, two] = [await create({ displayName: 'One' }), await create({ displayName: 'Two' })];
    const before = new Date().toISOString();
    await waitFor('a later instant', () => new Date().toISOString() > before);
    await merge(one.id, two.id);
    const asOf = (instant: string) => api.get(`/v1/endusers/${one.id}?asOf=${instant}`);
    expect((await asOf(before)).body.data).toMatchObject({ displayName: 'One', updatedAt: one.updatedAt });
    expect((await asOf(new Date().toISOString())).body.mergedInto).toBe(two.id);
    const exported = await api.get(`/v1/endusers/${two.id}/export`);
    const types = exported.body.data.history.map(({ type }: { type: string }) => type);
    expect(types).toEqual(['EndUserCreated', 'EndUserMergedInto', 'EndUserCreated', 'EndUserMerged']);
    expect((await api.get(`/v1/endusers/${one.id}/export`)).body.mergedInto).toBe(two.id);
  });

  it('may have others merged into it before', async () => {
    const [one, two, three] = [
      await create({ externalId: '1' }),
      await create(),
      await create({ email: 'c@x.example' }),
    ];
    await merge(one.id, two.id);
    await merge(two.id, three.id);
    expect(await get(three.id)).toMatchObject({ externalId: '1', email: 'c@x.example' });
    expect((await api.get(`/v1/endusers/${one.id}`)).body.mergedInto).toBe(two.id);
    expect((await api.get(`/v1/endusers/${two.id}`)).body.mergedInto).toBe(three.id);
  });

  it('is merged once, into one of those that many name at once', async () => {
    const one = await create({ email: 'a@x.example' });
    const others = await Promise.all(Array.from({ length: 10 }, () => create()));
    const answers = await Promise.all(others.map(({ id }) => merge(one.id, id)));
    expect(statuses(answers)).toEqual([200, ...Array<number>(9).fill(404)]);
    const winner = answers.find(({ status }) => status === 200)?.body.data.id;
    for (const { status, body } of answers) if (status === 404) expect(body.mergedInto).toBe(winner);
    expect(await find('email=a@x.example')).toEqual([winner]);
  });

  it('does not merge in a circle', async () => {
    const [one, two] = [await create(), await create()];
    expect(statuses(await Promise.all([merge(one.id, two.id), merge(two.id, one.id)]))).toEqual([200, 404]);
    expect(await all()).toHaveLength(1);
  });

  it('leaves nothing behind that begins or changes at the same time', async () => {
    const [one, two] = [await create({ email: 'one@x.example' }), await create({ email: 'two@x.example' })];
    const { id } = await api.create('/v1/conversations', emailFrom(one.id));
    const [merged, ...others] = await Promise.all([
      merge(one.id, two.id),
      ...Array.from({ length: 8 }, () => api.post('/v1/conversations', emailFrom(one.id))),
      api.put(`/v1/conversations/${id}/close`, {}),
      api.patch(`/v1/endusers/${one.id}`, { firstName: 'x' }),
      api.patch(`/v1/endusers/${two.id}`, { lastName: 'x' }),
    ]);
    expect(merged.status).toBe(200);
    expect(others.filter(({ status }) => ![200, 201, 204, 404].includes(status))).toEqual([]);
    const begun = others.filter(({ status }) => status === 201);
    const listed = (await api.get(`/v1/endusers/${two.id}/conversations`)).body.data;
    expect(listed).toHaveLength(1 + begun.length);
    expect(await get(two.id)).toMatchObject({ lastName: 'x' });
  });

  it('has at most 1,000 conversations, which move at once', async () => {
    const [one, two] = [await create({ email: 'one@x.example' }), await create()];
    const chat = { _type: 'Chat', requesterId: one.id, widgetId: randomUUID(), message: inbound() };
    const begin = (count: number) =>
      Promise.all(Array.from({ length: count }, () => api.create('/v1/conversations', chat)));
    for (let part = 0; part < 10; part++) await begin(100);
    const [extra] = await begin(1);
    const refused = await merge(one.id, two.id);
    expect(refused.status).toBe(409);
    expect(refused.body.message).toContain('has more than 1000 conversations');
    expect(await get(one.id)).toMatchObject({ email: 'one@x.example' });
    await app.database.sql('UPDATE conversations SET requester_id = $1 WHERE id = $2', [randomUUID(), extra.id]);
    expect((await merge(one.id, two.id)).status).toBe(200);
    const [row] = await app.database.sql<{ count: number }>(
      'SELECT count(*)::int FROM conversations WHERE requester_id = $1',
      [two.id],
    );
    expect(row?.count).toBe(1_000);
  });

  it('must not be anonymized, nor the one that it is merged into', async () => {
    const [one, two] = [await create(), await create()];
    expect((await api.patch(`/v1/endusers/${one.id}/anonymize`)).status).toBe(202);
    expect((await merge(one.id, two.id)).body.message).toContain('anonymized');
    expect((await merge(two.id, one.id)).status).toBe(409);
    await waitFor('it to be anonymized', async () => {
      return (await merge(one.id, two.id)).body.message === `End user ${one.id} is anonymized`;
    });
    expect((await merge(two.id, one.id)).status).toBe(409);
  });

  it('needs another end user of the organization', async () => {
    const one = await create();
    const foreign = await (await app.createTestOrganization()).create('/v1/endusers', {});
    expect((await merge(one.id, one.id.toUpperCase())).body.message).toContain('intoId must be another end user');
    for (const id of [randomUUID(), foreign.id]) {
      expect((await merge(one.id, id)).status).toBe(404);
      expect((await merge(id, one.id)).status).toBe(404);
    }
    for (const body of [
      undefined,
      '',
      '{}',
      '[]',
      '{"intoId": null}',
      '{"intoId": "x"}',
      `{"intoId":"${one.id}","x":1}`,
    ]) {
      expect((await api.post(`/v1/endusers/${one.id}/merge`, body)).status).toBe(400);
    }
    expect((await merge('x', one.id)).status).toBe(400);
    expect(await get(one.id)).toEqual(one);
  });

  it('is refused whole when addresses become too many', async () => {
    const emails = (from: number) => Array.from({ length: 20 }, (_, index) => `${from + index}@x.example`);
    const one = await create({ email: 'a@x.example', additionalEmails: emails(0) });
    const two = await create({ email: 'b@x.example', additionalEmails: emails(20) });
    const { status, body } = await merge(one.id, two.id);
    expect(status).toBe(400);
    expect(body.faults).toEqual([
      { path: 'additionalEmails', message: 'of the two together must have at most 20 items' },
    ]);
    expect(await get(one.id)).toEqual(one);
    expect(await get(two.id)).toEqual(two);
  });
});

import { randomUUID } from 'node:crypto';
import { ALICE, anonymize, countEvents, createEndUser, getEndUser, NOBODY } from './support/end-users.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

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
    expect(await countEvents(app, api)).toBe(3);
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
    expect(failed).toEqual(failure('Validation', `already belongs to end user ${succeeded.data.id}`));
    expect(await countEvents(app, api)).toBe(1);
  });

  it('are at most 1,000', async () => {
    const api = await app.createTestOrganization();
    const data = Array.from({ length: 1_000 }, (_, index) => ({ externalId: `${index}` }));
    const { status, body } = await api.post('/v1/endusers/bulk', { data });
    expect(status).toBe(201);
    expect(body.data.map((outcome: any) => outcome.data?.externalId)).toEqual(data.map(({ externalId }) => externalId));
    expect((await api.post('/v1/endusers/bulk', { data: [...data, {}] })).status).toBe(400);
    expect(await countEvents(app, api)).toBe(1_000);
  });

  it('are replaced each by itself', async () => {
    const api = await app.createTestOrganization();
    const [a, b] = [await createEndUser(api, ALICE), await createEndUser(api, { displayName: 'b' })];
    const unknown = randomUUID();
    const stranger = await createEndUser(await app.createTestOrganization());
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
    expect(await getEndUser(api, b.id)).toMatchObject({ displayName: 'b' });
  });

  it('are changed each by itself, those that are the same in their order', async () => {
    const api = await app.createTestOrganization();
    const [a, b] = [await createEndUser(api, ALICE), await createEndUser(api, { displayName: 'b' })];
    const unknown = randomUUID();
    await anonymize(app, api, b.id, ['RequestAnonymization']);
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
    expect(await getEndUser(api, a.id)).toMatchObject({ firstName: '3', lastName: 'Brown' });
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

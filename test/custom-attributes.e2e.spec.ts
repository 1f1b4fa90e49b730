import { randomUUID } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const TEXT = { entityType: 'Contact', identifier: 'plan', label: 'Plan', inputDefinition: { _type: 'Text' } };
const OPTIONS = [
  { label: 'Business', value: 'business', nestedOptions: [{ label: 'Gold', value: 'gold' }] },
  { label: 'Private', value: 'private', isDeactivated: true },
];
const SELECT = { ...TEXT, identifier: 'tier', inputDefinition: { _type: 'Select', options: OPTIONS } };

async function create(api: ApiClient, body: object): Promise<any> {
  const answer = await api.post('/v1/custom-attributes', body);
  expect(answer.status).toBe(201);
  return answer.body.data;
}

async function events(id: string): Promise<string[]> {
  const rows = await app.database.sql<{ type: string }>('SELECT type FROM events WHERE stream = $1 ORDER BY version', [
    `customAttribute-${id}`,
  ]);
  return rows.map(({ type }) => type);
}

describe('Custom attributes', () => {
  it('are created and can be read back', async () => {
    const api = await app.createTestOrganization();
    const text = await create(api, { ...TEXT, description: 'Füße', isRequired: true });
    expect(text).toEqual({
      ...TEXT,
      id: expect.any(String),
      description: 'Füße',
      createdAt: expect.stringMatching(/Z$/),
      isRequired: true,
      isArchived: false,
      isDeactivated: false,
    });
    const select = await create(api, SELECT);
    const [business, personal] = select.inputDefinition.options;
    expect(business).toEqual({
      id: expect.any(String),
      label: 'Business',
      value: 'business',
      isDeactivated: false,
      orderIndex: 0,
      nestedOptions: [
        {
          id: expect.any(String),
          label: 'Gold',
          value: 'gold',
          isDeactivated: false,
          orderIndex: 0,
          nestedOptions: [],
        },
      ],
    });
    expect(personal).toMatchObject({ value: 'private', isDeactivated: true, orderIndex: 1, nestedOptions: [] });
    expect((await api.get(`/v1/custom-attributes/${select.id}`)).body).toEqual({ data: select });
    expect((await api.get('/v1/custom-attributes')).body).toEqual({ data: [text, select] });
  });

  it('have an identifier that is unique for their entity type without regard to case', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, TEXT);
    const taken = await api.post('/v1/custom-attributes', { ...TEXT, identifier: 'PLAN' });
    expect(taken.status).toBe(400);
    expect(taken.body.message).toBe(`Validation failure: identifier PLAN already belongs to custom attribute ${id}`);
    expect(taken.body.faults).toEqual([{ path: 'identifier', message: expect.stringContaining(id) }]);
    await create(api, { ...TEXT, entityType: 'Conversation' });
    await create(await app.createTestOrganization(), TEXT);
    expect((await api.get('/v1/custom-attributes')).body.data).toHaveLength(2);
  });

  it('of the same identifier created at once are one', async () => {
    const api = await app.createTestOrganization();
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.post('/v1/custom-attributes', TEXT)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(400)]);
  });

  it('change what is named, with an event for each change only', async () => {
    const api = await app.createTestOrganization();
    const { id, createdAt } = await create(api, { ...TEXT, description: 'x' });
    const patch = (body: object) => api.patch(`/v1/custom-attributes/${id}`, body);
    expect((await patch({})).body.data).not.toHaveProperty('updatedAt');
    const changed = await patch({
      label: 'Tier',
      isDeactivated: true,
      inputDefinition: { _type: 'Text', placeholder: 'A' },
    });
    expect(changed.status).toBe(200);
    expect(changed.body.data).toEqual({
      ...TEXT,
      id,
      createdAt,
      label: 'Tier',
      description: 'x',
      isRequired: false,
      isDeactivated: true,
      isArchived: false,
      updatedAt: expect.stringMatching(/Z$/),
      inputDefinition: { _type: 'Text', placeholder: 'A' },
    });
    expect((await patch({ description: null })).body.data).not.toHaveProperty('description');
    expect((await patch({ description: null, label: 'Tier' })).status).toBe(200);
    expect(await events(id)).toEqual(['CustomAttributeCreated', 'CustomAttributeUpdated', 'CustomAttributeUpdated']);
  });

  it('keep the ids of options that are sent back', async () => {
    const api = await app.createTestOrganization();
    const { id, inputDefinition } = await create(api, SELECT);
    const patch = (options: unknown) =>
      api.patch(`/v1/custom-attributes/${id}`, { inputDefinition: { _type: 'Select', options } });
    expect((await patch(inputDefinition.options)).body.data.inputDefinition).toEqual(inputDefinition);
    expect((await patch(OPTIONS)).body.data.inputDefinition).toEqual(inputDefinition);
    expect(await events(id)).toEqual(['CustomAttributeCreated']);
    const [business, personal] = inputDefinition.options;
    const { options } = (await patch([personal, { ...business, value: 'company' }])).body.data.inputDefinition;
    expect(options.map((option: any) => [option.id, option.value, option.orderIndex])).toEqual([
      [personal.id, 'private', 0],
      [business.id, 'company', 1],
    ]);
    expect(options[1].nestedOptions).toEqual(business.nestedOptions);
    const unknown = await patch([{ id: randomUUID(), label: 'x', value: 'x' }]);
    expect(unknown.status).toBe(400);
    expect(unknown.body.faults).toEqual([{ path: 'inputDefinition.options[0].id', message: expect.any(String) }]);
  });

  it('never change their type', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, TEXT);
    const answer = await api.patch(`/v1/custom-attributes/${id}`, {
      inputDefinition: { _type: 'Select', options: [] },
    });
    expect(answer.status).toBe(409);
  });

  it('are archived any number of times, and do not change then', async () => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, TEXT);
    const archive = () => api.patch(`/v1/custom-attributes/${id}/archive`);
    for (const answer of [await archive(), await archive()]) {
      expect([answer.status, answer.body]).toEqual([204, '']);
    }
    expect((await api.get(`/v1/custom-attributes/${id}`)).body.data).toMatchObject({
      isArchived: true,
      updatedAt: expect.any(String),
    });
    expect((await api.patch(`/v1/custom-attributes/${id}`, { label: 'x' })).status).toBe(409);
    expect(await events(id)).toEqual(['CustomAttributeCreated', 'CustomAttributeArchived']);
  });

  it('of another organization do not exist', async () => {
    const [owner, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { id } = await create(owner, TEXT);
    expect((await stranger.get('/v1/custom-attributes')).body).toEqual({ data: [] });
    const unknown = randomUUID();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { label: 'x' }],
      ['PATCH', '/archive', undefined],
    ] as const) {
      const foreign = await stranger.send(method, `/v1/custom-attributes/${id}${path}`, body);
      const missing = await stranger.send(method, `/v1/custom-attributes/${unknown}${path}`, body);
      expect(foreign.status).toBe(404);
      expect(foreign.body.message.replace(id, '')).toBe(missing.body.message.replace(unknown, ''));
      expect((await owner.send(method, `/v1/custom-attributes/1${path}`, body)).status).toBe(400);
    }
    expect(await events(id)).toHaveLength(1);
  });

  it.each([
    [{ entityType: 'User' }, 'entityType must be one of: Contact, Conversation'],
    [{ entityType: undefined }, 'entityType'],
    [{ identifier: 'a b' }, 'identifier must consist of'],
    [{ identifier: 'ä' }, 'identifier must consist of'],
    [{ identifier: 'a\n' }, 'identifier must consist of'],
    [{ identifier: '' }, 'identifier must not be empty'],
    [{ identifier: 'x'.repeat(65) }, 'identifier must have at most 64 characters'],
    [{ identifier: undefined }, 'identifier must be a string'],
    [{ label: null }, 'label must be a string'],
    [{ label: ' ' }, 'label must not be empty'],
    [{ label: 'a\0' }, 'label must not contain NUL'],
    [{ description: 5 }, 'description must be a string'],
    [{ isRequired: 'yes' }, 'isRequired must be true or false'],
    [{ inputDefinition: undefined }, 'inputDefinition must be an object'],
    [{ inputDefinition: null }, 'inputDefinition must be an object'],
    [{ inputDefinition: [] }, 'inputDefinition'],
    [{ inputDefinition: [{ _type: 'Text' }] }, 'inputDefinition'],
    [{ inputDefinition: {} }, '_type must be one of: Text, Select'],
    [{ inputDefinition: { _type: 'Date' } }, '_type must be one of: Text, Select'],
    [{ inputDefinition: { _type: 'text' } }, '_type is text, which is not a known value; did you mean Text?'],
    [{ inputDefinition: { _type: 'toString' } }, '_type must be one of: Text, Select'],
    [{ inputDefinition: { _type: 'Text', placeholder: 5 } }, 'placeholder must be a string'],
    [{ inputDefinition: { _type: 'Select', options: null } }, 'options must be an array'],
    [{ inputDefinition: { _type: 'Select', options: {} } }, 'options must be an array'],
    [
      {
        inputDefinition: {
          _type: 'Select',
          options: [
            { label: 'a', value: 'a' },
            { label: 'b', value: 'a' },
          ],
        },
      },
      '[1].value',
    ],
    [
      { inputDefinition: { _type: 'Select', options: [{ id: randomUUID(), label: 'a', value: 'a' }] } },
      'options[0].id',
    ],
  ])('are not created from %j', async (wrong, reason) => {
    const api = await app.createTestOrganization();
    const answer = await api.post('/v1/custom-attributes', { ...TEXT, ...wrong });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('Invalid value for: body');
    expect(answer.body.message).toContain(reason);
    expect((await api.get('/v1/custom-attributes')).body.data).toEqual([]);
  });

  it.each([[''], ['[]'], ['null'], ['"x"'], ['{']])('are neither created nor changed from %j', async (body) => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, TEXT);
    expect((await api.post('/v1/custom-attributes', body)).status).toBe(400);
    expect((await api.patch(`/v1/custom-attributes/${id}`, body)).status).toBe(400);
    expect(await events(id)).toHaveLength(1);
  });

  it.each([
    [{ label: null }, 'label'],
    [{ isRequired: null }, 'isRequired'],
    [{ isDeactivated: 1 }, 'isDeactivated'],
    [{ inputDefinition: null }, 'inputDefinition'],
    [{ inputDefinition: { _type: 'Text', placeHolder: 'x' } }, 'placeHolder is not a field of this request'],
    [{ identifier: 'other' }, 'identifier is not a field of this request'],
    [{ entityType: 'Conversation' }, 'entityType is not a field of this request'],
    [{ lable: 'x' }, 'lable is not a field of this request'],
  ])('are not changed by %j', async (wrong, reason) => {
    const api = await app.createTestOrganization();
    const { id } = await create(api, TEXT);
    const answer = await api.patch(`/v1/custom-attributes/${id}`, { isRequired: true, ...wrong });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect(await events(id)).toHaveLength(1);
  });
});

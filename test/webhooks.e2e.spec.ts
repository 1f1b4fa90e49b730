import { EVENT_NAMES } from '#libs/webhooks/catalogue.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const basic = { _type: 'BasicAuth', username: 'u', password: 'p' };
const condition = { _type: 'IsOneOf', field: 'QueueId', values: ['q'] };
const filter = { _type: 'CombinedFilters', strategy: 'All', conditions: [condition] };
const input = { name: 'CRM', url: 'https://crm.example.com/hook', authorization: basic };

describe('Webhook subscriptions', () => {
  it('are created with a secret key, and show their headers', async () => {
    const api = await app.createTestOrganization();
    const filters = {
      TagCreated: {
        _type: 'CombinedFilters',
        strategy: 'Any',
        conditions: [{ _type: 'IsOneOf', field: 'QueueId', values: ['q'] }],
      },
    };
    const created = await api.post('/v1/webhooks', {
      ...input,
      events: ['TagCreated'],
      customHeaders: { 'X-A': '1' },
      filters,
    });
    expect(created.status).toBe(201);
    expect(created.body.data).toEqual({
      id: expect.any(String),
      name: 'CRM',
      url: input.url,
      subscribedEvents: ['TagCreated'],
      headers: { 'X-A': '1', Authorization: 'Basic dTpw' },
      secretKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      enabled: true,
      createdAt: expect.stringMatching(/Z$/),
      createdBy: api.actorId,
      updatedAt: created.body.data.createdAt,
      updatedBy: api.actorId,
      filters,
    });
    expect((await api.get(`/v1/webhooks/${created.body.data.id}`)).body).toEqual(created.body);
    expect((await api.get('/v1/webhooks')).body.data).toEqual([created.body.data]);
  });

  it('without events subscribe to none', async () => {
    const api = await app.createTestOrganization();
    const { body } = await api.post('/v1/webhooks', input);
    expect(body.data.subscribedEvents).toEqual([]);
    expect((await api.get(`/v1/webhooks/${body.data.id}/delivery-status`)).body).toEqual({ data: [] });
  });

  it('are patched in what is named alone', async () => {
    const api = await app.createTestOrganization();
    const before = (await api.post('/v1/webhooks', { ...input, events: ['TagCreated'], customHeaders: { 'X-A': '1' } }))
      .body.data;
    const patched = await api.patch(`/v1/webhooks/${before.id}`, {
      enabled: false,
      authorization: { _type: 'TokenAuth', value: 'Bearer t' },
    });
    expect(patched.status).toBe(200);
    expect(patched.body.data).toEqual({
      ...before,
      enabled: false,
      headers: { 'X-A': '1', Authorization: 'Bearer t' },
      updatedAt: patched.body.data.updatedAt,
    });
    const same = await api.patch(`/v1/webhooks/${before.id}`, {
      enabled: false,
      authorization: { _type: 'TokenAuth', value: 'Bearer t' },
    });
    expect(same.body).toEqual(patched.body);
    const versions = await app.database.sql('SELECT type FROM events WHERE stream = $1', [
      `webhookSubscription-${before.id}`,
    ]);
    expect(versions).toHaveLength(2);
  });

  it('are gone once deleted', async () => {
    const api = await app.createTestOrganization();
    const { id } = (await api.post('/v1/webhooks', input)).body.data;
    expect((await api.delete(`/v1/webhooks/${id}`)).status).toBe(204);
    expect((await api.delete(`/v1/webhooks/${id}`)).status).toBe(404);
    expect((await api.get(`/v1/webhooks/${id}`)).status).toBe(404);
    expect((await api.patch(`/v1/webhooks/${id}`, { name: 'x' })).status).toBe(404);
    expect((await api.get('/v1/webhooks')).body.data).toEqual([]);
  });

  it('of another organization do not exist', async () => {
    const [owner, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { id } = (await owner.post('/v1/webhooks', input)).body.data;
    const answers = [
      await stranger.get(`/v1/webhooks/${id}`),
      await stranger.patch(`/v1/webhooks/${id}`, { enabled: false }),
      await stranger.delete(`/v1/webhooks/${id}`),
      await stranger.get(`/v1/webhooks/${id}/delivery-status`),
      await stranger.get(`/v1/webhooks/${id}/delivery-status/logs/TagCreated`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    expect((await stranger.get('/v1/webhooks')).body.data).toEqual([]);
    expect((await owner.get(`/v1/webhooks/${id}`)).body.data.enabled).toBe(true);
  });

  it('keep no secret in clear in the database', async () => {
    const api = await app.createTestOrganization();
    const authorization = { _type: 'BasicAuth', username: 'someone', password: 'tr0ub4dor' };
    const customHeaders = { 'X-Key': 'c0rrect-horse' };
    const { id, secretKey } = (await api.post('/v1/webhooks', { ...input, authorization, customHeaders })).body.data;
    await api.patch(`/v1/webhooks/${id}`, { authorization: { _type: 'TokenAuth', value: 'batterystaple' } });
    const [stored] = await app.database.sql<{ all: string }>(
      `SELECT (SELECT string_agg(e::text, '') FROM events e) || (SELECT string_agg(s::text, '') FROM webhook_subscriptions s)
         || (SELECT string_agg(t::text, '') FROM api_tokens t) AS all`,
    );
    for (const secret of ['tr0ub4dor', 'c0rrect-horse', 'batterystaple', secretKey, api.token]) {
      expect(stored?.all).not.toContain(secret);
    }
  });

  it.each([
    [{ ...input, name: undefined }, 'name must be a string'],
    [{ ...input, url: undefined }, 'url must be a string'],
    [{ ...input, url: 'nowhere' }, 'url must be a URL'],
    [{ ...input, authorization: undefined }, 'authorization must be an object'],
    [{ ...input, authorization: 'Basic' }, 'authorization must be an object'],
    [{ ...input, authorization: [] }, 'authorization must be an object'],
    [{ ...input, authorization: {} }, 'authorization._type must be one of: NoAuth, BasicAuth, TokenAuth'],
    [{ ...input, authorization: { _type: 'OAuth' } }, 'authorization._type must be one of'],
    [
      { ...input, authorization: { _type: 'BasicAuth', username: 'a:b', password: 'p' } },
      'authorization.username must not hold a colon',
    ],
    [{ ...input, authorization: { _type: 'BasicAuth', username: 'a' } }, 'authorization.password must be a string'],
    [{ ...input, authorization: { _type: 'TokenAuth', value: 'a\nb' } }, 'authorization.value must be plain ASCII'],
    [{ ...input, authorization: [null] }, 'authorization must be an object'],
    [{ ...input, events: ['TagCreated', 'Unknown'] }, `events may only hold: ${EVENT_NAMES.join(', ')}`],
    [{ ...input, events: ['TagCreated', 'TagCreated'] }, 'events must not hold a value twice'],
    [{ ...input, events: 'TagCreated' }, 'events must be an array'],
    [{ ...input, events: null }, 'events must be an array'],
    [{ ...input, enabled: 'yes' }, 'enabled must be true or false'],
    [{ ...input, customHeaders: { Host: 'x' } }, 'customHeaders must not set Host'],
    [{ ...input, customHeaders: [] }, 'customHeaders must be an object'],
    [{ ...input, filters: { Unknown: {} } }, 'filters may only name these events'],
    [
      { ...input, filters: { TagCreated: { ...filter, extra: 'a\0b' } } },
      'filters has fields for TagCreated that do not exist',
    ],
    [
      { ...input, filters: { TagCreated: { ...filter, conditions: [{ ...condition, 'x\0': 1 }] } } },
      'filters needs conditions',
    ],
    [
      { ...input, filters: { TagCreated: { ...filter, conditions: [{ ...condition, values: ['\0'] }] } } },
      'filters needs conditions',
    ],
  ])('are not created from %j', async (body, reason) => {
    const api = await app.createTestOrganization();
    const answer = await api.post('/v1/webhooks', body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect((await api.get('/v1/webhooks')).body.data).toEqual([]);
  });

  it('refuse a patch of fields that do not exist, which would silently change nothing', async () => {
    const api = await app.createTestOrganization();
    const { id } = (await api.post('/v1/webhooks', input)).body.data;
    for (const body of [{ urll: 'https://x.example' }, { secretKey: 'x' }, { url: null }, { events: ['Nope'] }, []]) {
      const answer = await api.patch(`/v1/webhooks/${id}`, body);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain('Invalid value for: body');
    }
    expect((await api.patch(`/v1/webhooks/${id}`, {})).status).toBe(200);
  });

  it('know the events that can be subscribed to', async () => {
    const api = await app.createTestOrganization();
    const { status, body } = await api.get('/v1/webhooks/event-types');
    expect(status).toBe(200);
    const types = body.data as { name: string; example: { data: object } }[];
    expect((await api.post('/v1/webhooks', { ...input, events: types.map(({ name }) => name) })).status).toBe(201);
    expect(types.find(({ name }) => name === 'TagCreated')).toEqual({
      name: 'TagCreated',
      eventFqn: 'TAG_CREATED',
      version: '1',
      description: 'A tag was created.',
      filterFields: [],
      example: {
        event_id: expect.any(String),
        event_fqn: 'TAG_CREATED',
        event_version: '1',
        event_timestamp: '2026-03-14T09:26:53.589Z',
        organization: { id: expect.any(String), name: 'Example Ltd' },
        data: { tag: expect.objectContaining({ name: 'VIP', state: 'ACTIVE' }) },
      },
      schema: expect.objectContaining({ type: 'object', required: ['tag'] }),
    });
  });

  it('have logs for events that exist', async () => {
    const api = await app.createTestOrganization();
    const { id } = (await api.post('/v1/webhooks', input)).body.data;
    expect((await api.get(`/v1/webhooks/${id}/delivery-status/logs/TagCreated`)).body).toEqual({ data: [] });
    const unknown = await api.get(`/v1/webhooks/${id}/delivery-status/logs/Nope`);
    expect(unknown.status).toBe(400);
    expect(unknown.body.message).toContain('path parameter event');
  });
});

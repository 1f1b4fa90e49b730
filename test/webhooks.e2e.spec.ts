import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const basic = { _type: 'BasicAuth', username: 'u', password: 'p' };
const input = { name: 'CRM', url: 'http://127.0.0.1:9/hook', authorization: basic };

describe('Webhook subscriptions', () => {
  it('are created with a secret key, and show their headers', async () => {
    const api = await app.createTestOrganization();
    const filters = {
      QueueCreated: {
        _type: 'CombinedFilters',
        strategy: 'Any',
        conditions: [{ _type: 'IsOneOf', field: 'QueueId', values: [await api.createQueue()] }],
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
      ordering: 'unordered',
      maxPerSecond: null,
      health: { failures: 0 },
      createdAt: expect.stringMatching(/Z$/),
      createdBy: api.actorId,
      updatedAt: created.body.data.createdAt,
      updatedBy: api.actorId,
      filters,
    });
    expect((await api.get(`/v1/webhooks/${created.body.data.id}`)).body).toEqual(created.body);
    expect((await api.get('/v1/webhooks')).body.data).toEqual([created.body.data]);
  });

  it('show their secrets only to those who may write them', async () => {
    const api = await app.createTestOrganization();
    const reader = await app.clientWith(['webhooks:read'], api);
    const { id, secretKey } = await api.subscribe('https://crm.example.com', ['TagCreated'], {
      authorization: basic,
      customHeaders: { 'X-Key': 'geheim' },
    });
    const masked = { secretKey: '***', headers: { Authorization: '***', 'X-Key': '***' } };
    expect((await reader.get(`/v1/webhooks/${id}`)).body.data).toMatchObject(masked);
    expect((await reader.get('/v1/webhooks')).body.data).toEqual([expect.objectContaining(masked)]);
    expect((await api.get(`/v1/webhooks/${id}`)).body.data).toMatchObject({
      secretKey,
      headers: { 'X-Key': 'geheim' },
    });
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

  it('have an ordering and a pace, which a patch can change and take away', async () => {
    const api = await app.createTestOrganization();
    const created = await api.subscribe(input.url, [], { ordering: 'fifo', maxPerSecond: 50 });
    expect(created).toMatchObject({ ordering: 'fifo', maxPerSecond: 50 });
    const path = `/v1/webhooks/${created.id}`;
    expect((await api.patch(path, { name: 'x' })).body.data).toMatchObject({ ordering: 'fifo', maxPerSecond: 50 });
    expect((await api.patch(path, { maxPerSecond: null })).body.data).toMatchObject({
      ordering: 'fifo',
      maxPerSecond: null,
    });
    const unordered = { ordering: 'unordered', maxPerSecond: 1000 };
    expect((await api.patch(path, unordered)).body.data).toMatchObject(unordered);
    expect((await api.get('/v1/webhooks')).body.data).toEqual([(await api.get(path)).body.data]);
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
      await stranger.post(`/v1/webhooks/${id}/rotate-secret`, {}),
      await stranger.post(`/v1/webhooks/${id}/test`, { event: 'TagCreated' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404, 404]);
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

  it('know the events that can be subscribed to', async () => {
    const api = await app.createTestOrganization();
    const { status, body } = await api.get('/v1/webhooks/event-types');
    expect(status).toBe(200);
    const types = body.data as { name: string; example: { data: object } }[];
    expect((await api.post('/v1/webhooks', { ...input, events: types.map(({ name }) => name) })).status).toBe(201);
    expect(types.find(({ name }) => name === 'TagCreated')).toEqual({
      name: 'TagCreated',
      eventFqn: 'TAG_CREATED',
      produced: true,
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

  it('take events of the public API that nothing produces yet, and show that nothing was delivered', async () => {
    const api = await app.createTestOrganization();
    const { body } = await api.get('/v1/webhooks/event-types');
    const types = body.data as { name: string; produced: boolean }[];
    const events = types.filter(({ produced }) => !produced).map(({ name }) => name);
    expect(events).toContain('ConversationMessageDeliveryFailed');
    const { id, subscribedEvents } = await api.subscribe(input.url, [...events, 'TagCreated']);
    expect(subscribedEvents).toEqual([...events, 'TagCreated']);
    const path = `/v1/webhooks/${id}`;
    const patched = await api.patch(path, {
      events: ['ConversationMessageDeliveryFailed'],
      filters: {
        ConversationMessageDeliveryFailed: {
          _type: 'CombinedFilters',
          strategy: 'All',
          conditions: [{ _type: 'IsOneOf', field: 'InitialChannel', values: ['Email'] }],
        },
      },
    });
    expect(patched.body.data.subscribedEvents).toEqual(['ConversationMessageDeliveryFailed']);
    expect((await api.get(`${path}/delivery-status`)).body.data).toEqual([
      { event: 'ConversationMessageDeliveryFailed', deliveryStatus: { _type: 'NoRecentDelivery' } },
    ]);
    expect((await api.get(`${path}/delivery-status/logs/ConversationMessageDeliveryFailed`)).body).toEqual({
      data: [],
    });
    expect((await api.get(`${path}/deliveries?event=ConversationMessageDeliveryFailed`)).body.data).toEqual([]);
    const test = await api.post(`${path}/test`, { event: 'ConversationMessageDeliveryFailed' });
    expect(test.status).toBe(400);
    expect(test.body.message).toMatch(/event must be one of: .*AgentCreated/);
    expect(test.body.message).not.toContain('ConversationMessageDeliveryFailed');
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

describe('The health of a webhook subscription', () => {
  const failing = async (failingSince: Date | 'now', pausedUntil = '-infinity') => {
    const api = await app.createTestOrganization();
    const { id } = (await api.post('/v1/webhooks', input)).body.data;
    await app.database.sql(
      `INSERT INTO webhook_health (organization_id, subscription_id, failures, failing_since, paused_until, counts_from)
       SELECT $1, $2, 3, $3, $4, failures_count_from FROM webhook_subscriptions WHERE id = $2`,
      [api.organizationId, id, failingSince, pausedUntil],
    );
    return { api, id, health: async () => (await api.get(`/v1/webhooks/${id}`)).body.data.health as unknown };
  };

  it('says since when its receiver fails, and until when nothing is sent', async () => {
    const [failingSince, pausedUntil] = [new Date(Date.now() + 1000), new Date(Date.now() + 60_000)];
    const { api, health } = await failing(failingSince, pausedUntil.toISOString());
    const shown = { failures: 3, failingSince: failingSince.toISOString(), pausedUntil: pausedUntil.toISOString() };
    expect(await health()).toEqual(shown);
    expect((await api.get('/v1/webhooks')).body.data[0].health).toEqual(shown);
  });

  it('says nothing of a pause that is over', async () => {
    const failingSince = new Date(Date.now() + 1000);
    const { health } = await failing(failingSince, new Date(Date.now() - 1).toISOString());
    expect(await health()).toEqual({ failures: 3, failingSince: failingSince.toISOString() });
  });

  it.each([{ enabled: true }, { url: 'http://127.0.0.1:9/other' }])('begins anew with %j', async (change) => {
    const { api, id, health } = await failing('now', new Date(Date.now() + 60_000).toISOString());
    await api.patch(`/v1/webhooks/${id}`, { enabled: false });
    expect(await health()).toMatchObject({ failures: 3 });
    await api.patch(`/v1/webhooks/${id}`, change);
    expect(await health()).toEqual({ failures: 0 });
  });
});

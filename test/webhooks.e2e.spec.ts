import { Webhook } from 'standardwebhooks';
import { type Received, startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const basic = { _type: 'BasicAuth', username: 'u', password: 'p' };
const condition = { _type: 'IsOneOf', field: 'QueueId', values: ['01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a'] };
const filter = { _type: 'CombinedFilters', strategy: 'All', conditions: [condition] };
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

  it('refuse a URL that deliveries cannot go to, at its path', async () => {
    const api = await app.createTestOrganization();
    const { id } = (await api.post('/v1/webhooks', input)).body.data;
    const url = 'ftp://crm.example.com/';
    for (const answer of [
      await api.post('/v1/webhooks', { ...input, url }),
      await api.patch(`/v1/webhooks/${id}`, { url, name: 'new' }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.faults).toEqual([{ path: 'url', message: expect.stringContaining('http') }]);
    }
    expect((await api.get('/v1/webhooks')).body.data).toEqual([
      expect.objectContaining({ id, url: input.url, name: 'CRM' }),
    ]);
  });

  it.each([
    'http://127.0.0.1:9/a b',
    'http://127.0.0.1:9\\hook',
    'http:127.0.0.1:9',
    'http:///127.0.0.1:9',
    'http://@127.0.0.1:9',
  ])('refuse the URL %j, which others may understand in another way', async (url) => {
    const api = await app.createTestOrganization();
    const { id } = (await api.post('/v1/webhooks', input)).body.data;
    for (const answer of [
      await api.post('/v1/webhooks', { ...input, url }),
      await api.patch(`/v1/webhooks/${id}`, { url }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.faults).toEqual([{ path: 'url', message: expect.any(String) }]);
    }
  });

  it('have a URL without the white space around it', async () => {
    const api = await app.createTestOrganization();
    const created = await api.post('/v1/webhooks', { ...input, url: `\t ${input.url}\r\n` });
    expect(created.body.data.url).toBe(input.url);
    const patched = await api.patch(`/v1/webhooks/${created.body.data.id}`, { url: ` ${input.url}/x\u00a0` });
    expect(patched.body.data.url).toBe(`${input.url}/x`);
    expect((await api.get(`/v1/webhooks/${created.body.data.id}`)).body.data.url).toBe(`${input.url}/x`);
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

  it.each([
    [{ ...input, name: undefined }, 'name must be a string'],
    [{ ...input, url: undefined }, 'url must be a string'],
    [{ ...input, url: 'nowhere' }, 'url must begin with http:// or https://'],
    [{ ...input, authorization: undefined }, 'authorization must be an object'],
    [{ ...input, authorization: 'Basic' }, 'authorization must be an object'],
    [{ ...input, authorization: [] }, 'authorization must be an object'],
    [{ ...input, authorization: {} }, 'authorization._type must be one of: NoAuth, BasicAuth, TokenAuth'],
    [{ ...input, authorization: { _type: 'Kerberos' } }, 'authorization._type must be one of'],
    [
      { ...input, authorization: { _type: 'BasicAuth', username: 'a:b', password: 'p' } },
      'authorization.username must not contain a colon',
    ],
    [{ ...input, authorization: { _type: 'BasicAuth', username: 'a' } }, 'authorization.password must be a string'],
    [{ ...input, authorization: { _type: 'TokenAuth', value: 'a\nb' } }, 'authorization.value must be plain ASCII'],
    [{ ...input, authorization: [null] }, 'authorization must be an object'],
    [{ ...input, url: 'http://' }, 'url is not a valid URL'],
    [
      { ...input, events: ['TAG_CREATED'] },
      'events contains TAG_CREATED, which is the name in payloads; use TagCreated',
    ],
    [{ ...input, events: ['TagCreate'] }, 'events contains TagCreate, which is not an event; did you mean TagCreated?'],
    [
      { ...input, events: ['TagCreated', 'Unknown'] },
      'events contains Unknown, which is not an event; GET /v1/webhooks/event-types lists the events',
    ],
    [{ ...input, events: ['TagCreated', 'TagCreated'] }, 'events must not contain a value twice'],
    [{ ...input, events: 'TagCreated' }, 'events must be an array'],
    [{ ...input, events: null }, 'events must be an array'],
    [{ ...input, enabled: 'yes' }, 'enabled must be true or false'],
    [{ ...input, ordering: 'lifo' }, 'ordering is lifo, which is not a known value; did you mean fifo?'],
    [{ ...input, ordering: null }, 'ordering must be one of: unordered, fifo'],
    [{ ...input, maxPerSecond: 0 }, 'maxPerSecond must be a whole number from 1 to 1000'],
    [{ ...input, maxPerSecond: 1001 }, 'maxPerSecond must be a whole number from 1 to 1000'],
    [{ ...input, maxPerSecond: '5' }, 'maxPerSecond must be a whole number from 1 to 1000'],
    [{ ...input, customHeaders: { Host: 'x' } }, 'customHeaders must not set Host'],
    [{ ...input, customHeaders: [] }, 'customHeaders must be an object'],
    [
      { ...input, filters: { Unknown: {} } },
      'filters contains Unknown, which is not an event; GET /v1/webhooks/event-types lists the events',
    ],
    [
      { ...input, filters: { QUEUE_CREATED: filter } },
      'filters contains QUEUE_CREATED, which is the name in payloads; use QueueCreated',
    ],
    [{ ...input, filters: { TagCreated: filter } }, 'uses the field QueueId, but the event has no fields for filters'],
    [{ ...input, filters: { TagCreated: { ...filter, extra: 'a\0b' } } }, 'filters has unknown fields for TagCreated'],
    [
      { ...input, filters: { TagCreated: { ...filter, conditions: [{ ...condition, 'x\0': 1 }] } } },
      'filters has a condition for TagCreated that is not of the form',
    ],
    [
      { ...input, filters: { TagCreated: { ...filter, conditions: [{ ...condition, values: ['\0'] }] } } },
      'filters has a condition for TagCreated that is not of the form',
    ],
  ])('are not created from %j', async (body, reason) => {
    const api = await app.createTestOrganization();
    const answer = await api.post('/v1/webhooks', body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(reason);
    expect((await api.get('/v1/webhooks')).body.data).toEqual([]);
  });

  it('take filters by queues of the organization alone', async () => {
    const [api, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const [queueId, foreign] = [await api.createQueue(), await stranger.createQueue()];
    const by = (...values: string[]) => ({
      filters: { QueueUpdated: { ...filter, conditions: [{ ...condition, values }] } },
    });
    const { id } = await api.subscribe(input.url, ['QueueUpdated'], by(queueId.toUpperCase()));
    const send = async (body: object) => [
      await api.post('/v1/webhooks', { ...input, ...body }),
      await api.patch(`/v1/webhooks/${id}`, body),
    ];
    for (const { status, body } of await send(by(queueId, 'Support'))) {
      expect(status).toBe(400);
      expect(body.message).toContain('contains Support, but QueueId must be the id of a queue, a UUID');
    }
    for (const { status, body } of await send(by(queueId, foreign))) {
      expect(status).toBe(404);
      expect(body.message).toBe(`Queue ${foreign} could not be found`);
    }
    expect((await api.get('/v1/webhooks')).body.data).toHaveLength(1);
  });

  it('refuse a patch of fields that do not exist, which would silently change nothing', async () => {
    const api = await app.createTestOrganization();
    const { id } = (await api.post('/v1/webhooks', input)).body.data;
    for (const body of [
      { urll: 'https://x.example' },
      { secretKey: 'x' },
      { url: null },
      { events: ['Nope'] },
      { ordering: 'x' },
      [],
    ]) {
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
          ...filter,
          conditions: [{ ...condition, field: 'InitialChannel', values: ['Email'] }],
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

describe('Rotating the secret of a webhook subscription', () => {
  it('answers another key, and until when the one before counts', async () => {
    const api = await app.createTestOrganization();
    const before = (await api.post('/v1/webhooks', input)).body.data;
    const hours = async (body?: object) => {
      const { data } = (await api.post(`/v1/webhooks/${before.id}/rotate-secret`, body)).body;
      return {
        data,
        hours: data.previousSecretUntil && (Date.parse(data.previousSecretUntil) - Date.now()) / 3_600_000,
      };
    };
    const first = await hours();
    expect(first.data).toEqual({
      ...before,
      secretKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      previousSecretUntil: expect.stringMatching(/Z$/),
      previousSecretsUntil: [first.data.previousSecretUntil],
      updatedAt: expect.any(String),
    });
    expect(first.data.secretKey).not.toBe(before.secretKey);
    expect(first.hours).toBeCloseTo(24, 1);
    const second = await hours({ overlapHours: 168 });
    expect(second.hours).toBeCloseTo(168, 1);
    const ends = [second.data.previousSecretUntil, first.data.previousSecretUntil];
    expect(second.data.previousSecretsUntil).toEqual(ends);
    const last = await hours({ overlapHours: 0 });
    expect(last.data.secretKey).not.toBe(second.data.secretKey);
    expect(last.data).toMatchObject({ previousSecretUntil: ends[0], previousSecretsUntil: ends });
    const past = await api.get(`/v1/webhooks/${before.id}?asOf=${last.data.updatedAt}`);
    expect(past.body.data).toMatchObject({ previousSecretUntil: ends[0], previousSecretsUntil: ends });
    expect((await api.get(`/v1/webhooks/${before.id}`)).body.data).toEqual(last.data);
  });

  it('is refused while three keys count, saying until when; but the present key can always be ended', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(input.url, []);
    const rotate = (overlapHours: number) => api.post(`/v1/webhooks/${id}/rotate-secret`, { overlapHours });
    await rotate(2);
    const { body } = await rotate(1);
    const refused = await rotate(3);
    expect(refused.status).toBe(409);
    expect(refused.body.message).toContain(`one of them until ${body.data.previousSecretsUntil[0]}; rotate after that`);
    expect((await api.get(`/v1/webhooks/${id}`)).body.data.secretKey).toBe(body.data.secretKey);
    expect((await rotate(0)).status).toBe(200);
  });

  it.each([
    { overlapHours: 169 },
    { overlapHours: -1 },
    { overlapHours: 1.5 },
    { overlapHours: null },
    { hours: 1 },
    [],
  ])('is refused with %j', async (body) => {
    const api = await app.createTestOrganization();
    const { id, secretKey } = (await api.post('/v1/webhooks', input)).body.data;
    expect((await api.post(`/v1/webhooks/${id}/rotate-secret`, body)).status).toBe(400);
    expect((await api.get(`/v1/webhooks/${id}`)).body.data.secretKey).toBe(secretKey);
  });
});

describe('A test of a webhook subscription', () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = await startWebhookReceiver();
  });
  afterEach(() => receiver.close());

  it('sends the example of an event as a delivery would be sent, also while it is disabled', async () => {
    const api = await app.createTestOrganization();
    const { id, secretKey } = await api.subscribe(receiver.url, [], { enabled: false, customHeaders: { 'X-A': '1' } });
    const { status, body } = await api.post(`/v1/webhooks/${id}/test`, { event: 'TagCreated' });
    expect(status).toBe(200);
    expect(body.data).toEqual({
      outcome: 'delivered',
      success: true,
      startedAt: expect.stringMatching(/Z$/),
      durationMs: expect.any(Number),
      responseCode: 200,
      responseText: 'ok',
    });
    const [sent] = receiver.received;
    expect(sent?.headers).toMatchObject({ 'x-a': '1', 'x-dixa-subscription-id': id });
    const { example } = (await api.get('/v1/webhooks/event-types')).body.data.find(
      ({ name }: { name: string }) => name === 'TagCreated',
    );
    expect(sent?.payload).toEqual({
      ...example,
      event_id: sent?.headers['webhook-id'],
      event_timestamp: expect.stringMatching(/Z$/),
      organization: { id: api.organizationId, name: 'Test' },
    });
    expect(sent?.payload.event_id).not.toBe(example.event_id);
    expect(sent?.payload.event_timestamp).not.toBe(example.event_timestamp);
    expect(() => verified(sent, secretKey)).not.toThrow();
  });

  it('is signed by all keys that count after rotations', async () => {
    const api = await app.createTestOrganization();
    const before = await api.subscribe(receiver.url, []);
    const path = `/v1/webhooks/${before.id}`;
    const { secretKey } = (await api.post(`${path}/rotate-secret`, {})).body.data;
    await api.post(`${path}/test`, { event: 'TagCreated' });
    for (const key of [secretKey, before.secretKey]) expect(() => verified(receiver.received[0], key)).not.toThrow();
    const third = (await api.post(`${path}/rotate-secret`, { overlapHours: 1 })).body.data.secretKey;
    const fourth = (await api.post(`${path}/rotate-secret`, { overlapHours: 0 })).body.data.secretKey;
    await api.post(`${path}/test`, { event: 'TagCreated' });
    for (const key of [fourth, secretKey, before.secretKey]) {
      expect(() => verified(receiver.received[1], key)).not.toThrow();
    }
    expect(() => verified(receiver.received[1], third)).toThrow();
  });

  it('says how the receiver failed', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url, []);
    receiver.answerWith(500, 'not now');
    const refused = await api.post(`/v1/webhooks/${id}/test`, { event: 'QueueCreated' });
    expect(refused.body.data).toMatchObject({
      outcome: 'refused',
      success: false,
      responseCode: 500,
      responseText: 'not now',
    });
    await receiver.close();
    const { status, body } = await api.post(`/v1/webhooks/${id}/test`, { event: 'QueueCreated' });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ outcome: 'connection_reset', success: false });
    expect(body.data).not.toHaveProperty('responseCode');
  });

  it('leaves nothing behind', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url, ['TagCreated']);
    const events = () => app.database.sql('SELECT FROM events');
    const before = await events();
    await api.post(`/v1/webhooks/${id}/test`, { event: 'TagCreated' });
    expect(await events()).toHaveLength(before.length);
    for (const table of ['messages', 'deliveries', 'attempts']) {
      expect(await app.database.sql(`SELECT FROM webhook_${table}`)).toEqual([]);
    }
    expect((await api.get(`/v1/webhooks/${id}/delivery-status`)).body.data).toEqual([
      { event: 'TagCreated', deliveryStatus: { _type: 'NoRecentDelivery' } },
    ]);
  });

  it.each([{}, { event: 'Nope' }, { event: null }, []])('is refused with %j', async (body) => {
    const api = await app.createTestOrganization();
    const { id } = await api.subscribe(receiver.url, []);
    expect((await api.post(`/v1/webhooks/${id}/test`, body)).status).toBe(400);
    expect(receiver.received).toEqual([]);
  });
});

function verified(sent: Received | undefined, secretKey: string): unknown {
  const webhook = new Webhook(Buffer.from(secretKey, 'hex').toString('base64'));
  return webhook.verify(sent?.body as string, sent?.headers as Record<string, string>);
}

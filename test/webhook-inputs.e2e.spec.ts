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
});

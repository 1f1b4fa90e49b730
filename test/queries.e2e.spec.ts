import { startWebhookReceiver, type WebhookReceiver } from '#libs/testing/webhook-receiver.js';
import { ApiClient } from './support/api-client.js';
import { createWorld, type Document, type Documented, fill, QUERIES } from './support/every-operation.js';
import { createSupportTeam, emailFrom } from './support/support-team.js';
import { startTestApp, type TestApp } from './support/test-app.js';

let app: TestApp;
let receiver: WebhookReceiver;
let document: Document;
let api: ApiClient;
let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  app = await startTestApp();
  receiver = await startWebhookReceiver();
  document = (await new ApiClient(app.url, '').get('/openapi.json')).body as Document;
  api = await app.createTestOrganization();
  world = await createWorld(api, receiver);
});
afterAll(async () => {
  await app.close();
  await receiver.close();
});

interface Operation {
  path: string;
  method: string;
  operation: Documented;
}

const operations = (): Operation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

function answerOf({ responses }: Documented) {
  const schema = responses['200']?.content?.['application/json']?.schema;
  return document.components.schemas[schema?.$ref?.split('/').at(-1) ?? ''] ?? schema;
}

describe('A list', () => {
  const lists = () =>
    operations().filter(
      ({ method, operation }) => method === 'get' && answerOf(operation)?.properties?.data?.type === 'array',
    );

  it('tells which query parameters it has ignored, whichever list it is', async () => {
    expect(lists().length).toBeGreaterThan(20);
    for (const { path, operation } of lists()) {
      const url = `${await fill(path, world)}${QUERIES[operation.operationId] ?? '?'}`;
      const { status, body } = await api.get(`${url}&nobodyKnows=1&nobodyKnows=2&__proto__=3`);
      expect({ url, status, ignored: body.meta?.ignored }).toEqual({
        url,
        status: 200,
        ignored: ['nobodyKnows', '__proto__'],
      });
      expect({ url, meta: metaOf(operation) }).toMatchObject({ url, meta: { ignored: { type: 'array' } } });
      const plain = await api.get(url);
      expect({ url, ignored: plain.body.meta?.ignored }).toEqual({ url, ignored: undefined });
    }
  });

  /** The document's fields of `meta`. */
  function metaOf(operation: Documented) {
    const meta = answerOf(operation)?.properties?.meta as { $ref?: string; allOf?: { $ref: string }[] };
    const name = (meta.$ref ?? meta.allOf?.[0]?.$ref)?.split('/').at(-1) ?? '';
    return document.components.schemas[name]?.properties;
  }

  it('tells so for other spellings of what it knows, and beside a page key', async () => {
    const { body } = await api.get('/v1/endusers?name=a&pagelimit=1&pageLimit=1&namePrefix=a&asOf=x');
    expect(body.meta).toEqual({ ignored: ['name', 'pagelimit', 'asOf'], didYouMean: { pagelimit: 'pageLimit' } });
    const misspelt = await api.get('/v1/endusers?emial=a@x.example&name=a');
    expect(misspelt.body.meta).toEqual({ ignored: ['emial', 'name'], didYouMean: { emial: 'email' } });
    await api.create('/v1/endusers', {});
    await api.create('/v1/endusers', {});
    const { next } = (await api.get('/v1/endusers?pageLimit=1')).body.meta;
    const page = await api.get(`${new URL(next).pathname}${new URL(next).search}&name=a`);
    expect(page.body.meta).toEqual({ previous: expect.any(String), next: expect.any(String), ignored: ['name'] });
  });

  it('tells of at most 20, and of each at most 100 characters', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
    expect((await api.get(`/v1/tags?${names.join('&')}`)).body.meta.ignored).toEqual(names.slice(0, 20));
    const one = await api.get(`/v1/tags?${encodeURIComponent('💥'.repeat(110))}`);
    expect(one.body.meta.ignored).toEqual(['💥'.repeat(100)]);
  });
});

describe('A query parameter', () => {
  /** What to send where the document has no example, or one that takes long. */
  const VALUES: Record<string, string> = { asOf: '2026-03-14T09:26:53Z', wait: '0' };
  /** Bodies of operations that take both. */
  const BODIES: Record<string, object> = { Conversations_searchWithFilters: { filters: { strategy: 'All' } } };

  it('counts once when it comes with the same value again, and is refused with another, wherever it is', async () => {
    const taking = operations().flatMap(({ operation, ...rest }) =>
      (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'query')
        .map((parameter) => ({ ...rest, operation, parameter })),
    );
    expect(taking.length).toBeGreaterThan(40);
    for (const { path, method, operation, parameter } of taking) {
      const { name, schema } = parameter;
      const value = encodeURIComponent(VALUES[name] ?? String(schema?.examples?.[0]));
      const url = await fill(path, world);
      const isStream = operation.responses['200']?.content?.['text/event-stream'] !== undefined;
      const ask = (query: string) => api.send(method.toUpperCase(), `${url}?${query}`, BODIES[operation.operationId]);
      const send = (query: string) => (isStream ? api.open(`${url}?${query}`) : ask(query));
      const twice = await send(`${name}=${value}&${name}=${value}`);
      const once = await send(`${name}=${value}`);
      expect({ url, name, status: twice.status }).toEqual({ url, name, status: once.status });
      const { status, body } = await ask(`${name}=${value}&${name}=other`);
      expect({ url, name, status, message: body.message }).toEqual({
        url,
        name,
        status: 400,
        message: `Invalid value for: query parameter ${name} (must be sent once, or with the same value each time)`,
      });
    }
  });

  it.each(['true', 'True', 'TRUE', 'tRuE'])('that is a boolean may be spelled %s', async (yes) => {
    const client = await app.createTestOrganization();
    const id = await client.createTag('VIP');
    await client.patch(`/v1/tags/${id}/deactivate`);
    const listed = async (value: string) => (await client.get(`/v1/tags?includeDeactivated=${value}`)).body.data.length;
    expect(await listed(yes)).toBe(1);
    expect(await listed({ true: 'false', True: 'False', TRUE: 'FALSE', tRuE: 'fAlSe' }[yes] as string)).toBe(0);
    expect(await listed('False&includeDeactivated=false')).toBe(0);
    const { userId } = await createSupportTeam(client);
    await client.create('/v1/conversations', emailFrom(userId));
    expect((await client.patch(`/v1/endusers/${userId}/anonymize?force=False`)).status).toBe(409);
    expect((await client.patch(`/v1/endusers/${userId}/anonymize?force=${yes}`)).status).toBe(202);
  });

  it.each(['', '1', 'yes', 'true ', 'null', 'ſalse'])('that is a boolean is not %j', async (value) => {
    const { status, body } = await api.get(`/v1/tags?includeDeactivated=${encodeURIComponent(value)}`);
    expect({ status, message: body.message }).toEqual({
      status: 400,
      message: 'Invalid value for: query parameter includeDeactivated (must be true or false)',
    });
  });
});

describe('An instant that a client sends', () => {
  const SPELLINGS = [
    '2026-03-14T09:26:53Z',
    '2026-03-14t09:26:53z',
    '2026-03-14T09:26:53Z[GMT]',
    '2026-03-14T09:26:53.123456789Z[Etc/UTC]',
    '2026-03-14T10:26:53+01:00[Europe/Copenhagen]',
    '2026-03-14T10:26:53+0100',
    '2026-03-14T09:26:53-00:00',
    '2016-12-31T23:59:60Z',
    '0001-01-01T00:00:00Z',
  ];
  const FAULTY = ['2026-03-14T24:00:00Z', '2026-03-14T09:26:53Z[!Nowhere/Land]', '0000-01-01T00:00:00Z', '2026-03-14'];

  it.each([...SPELLINGS, '9999-12-31T23:59:59Z'])('is taken as a filter, encoded or not: %s', async (instant) => {
    const webhook = `/v1/webhooks/${await world.webhookSubscriptionId()}/deliveries`;
    for (const value of [encodeURIComponent(instant), instant]) {
      for (const path of [
        `/v1/endusers?createdSince=${value}`,
        `/v1/endusers?createdUntil=${value}&updatedSince=${value}`,
        `${webhook}?since=${value}&until=${value}`,
      ]) {
        expect({ path, status: (await api.get(path)).status }).toEqual({ path, status: 200 });
      }
    }
  });

  it.each(SPELLINGS)('is taken as one of the past, encoded or not: %s', async (instant) => {
    for (const value of [encodeURIComponent(instant), instant]) {
      expect((await api.get(`/v1/tags?asOf=${value}`)).body).toEqual({ data: [] });
    }
  });

  it.each(FAULTY)('is not %s', async (instant) => {
    const message = 'must be an instant such as 2026-03-14T09:26:53Z';
    for (const name of ['createdSince', 'asOf']) {
      const { status, body } = await api.get(`/v1/${name === 'asOf' ? 'tags' : 'endusers'}?${name}=${instant}`);
      expect({ status, message: body.message }).toEqual({
        status: 400,
        message: `Invalid value for: query parameter ${name} (${message})`,
      });
    }
    const { status, body } = await api.post('/v1/tokens', { name: 'x', scopes: [], expiresAt: instant });
    expect({ status, faults: body.faults }).toEqual({ status: 400, faults: [{ path: 'expiresAt', message }] });
  });

  it('is shown in UTC whatever it was sent as', async () => {
    const expiresAt = '2099-03-14t10:26:53.5+01:00[Europe/Copenhagen]';
    const token = await api.create('/v1/tokens', { name: 'x', scopes: ['tags:read'], expiresAt });
    expect(token.expiresAt).toBe('2099-03-14T09:26:53.500Z');
    const conversation = `/v1/conversations/${await world.conversationId()}`;
    expect((await api.put(`${conversation}/followup`, { timestamp: '2099-03-14T09:26:53Z[GMT]' })).status).toBe(204);
    const [event] = (await api.get(`${conversation}/history`)).body.data;
    expect(event.data.until).toBe('2099-03-14T09:26:53.000Z');
    const webhook = `/v1/webhooks/${await world.webhookSubscriptionId()}`;
    const since = '2026-03-14T09:26:53Z[GMT]';
    const { body } = await api.post(`${webhook}/recover`, { since, onlyMissing: false });
    expect(body.data.since).toBe('2026-03-14T09:26:53.000Z');
  });
});

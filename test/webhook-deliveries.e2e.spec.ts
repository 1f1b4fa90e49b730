import { randomUUIDv7 } from 'node:crypto';
import { type ApiClient } from './support/api-client.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const URL = 'http://127.0.0.1:9/hook';
const PAST = '2026-01-01T00:00:00.000Z';

let app: TestApp;
let api: ApiClient;
let subscriptionId: string;
let path: string;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  api = await app.createTestOrganization();
  subscriptionId = (await api.subscribe(URL, ['TagCreated'])).id;
  path = `/v1/webhooks/${subscriptionId}/deliveries`;
});

let position = 0;

/** A delivery as the worker leaves it, of an event after those before; `body: null` is a payload that is kept no longer. */
async function delivery(row: Record<string, unknown> = {}): Promise<string> {
  const { body = '{}', ...columns } = row;
  const all: Record<string, unknown> = {
    organization_id: api.organizationId,
    subscription_id: subscriptionId,
    event_id: randomUUIDv7(),
    event_name: 'TagCreated',
    position: ++position,
    created_at: PAST,
    ...columns,
  };
  const key = [all.organization_id, all.event_id, all.event_name, body];
  if (body !== null) {
    const insert = 'INSERT INTO webhook_messages (organization_id, event_id, event_name, body) VALUES ($1, $2, $3, $4)';
    await app.database.sql(`${insert} ON CONFLICT DO NOTHING`, key);
  }
  const names = Object.keys(all);
  await app.database.sql(
    `INSERT INTO webhook_deliveries (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(all),
  );
  return all.event_id as string;
}

async function attempt(eventId: string, columns: Record<string, unknown>): Promise<void> {
  const all = {
    organization_id: api.organizationId,
    subscription_id: subscriptionId,
    event_id: eventId,
    event_name: 'TagCreated',
    number: 1,
    started_at: PAST,
    duration_ms: 5,
    response_text: '',
    ...columns,
  };
  const names = Object.keys(all);
  await app.database.sql(
    `INSERT INTO webhook_attempts (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(all),
  );
}

async function ids(query = '', of = path): Promise<string[]> {
  const { status, body } = await api.get(`${of}${query}`);
  expect(status).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
}

describe('The deliveries of a webhook subscription', () => {
  it('are listed with the newest first, in pages', async () => {
    expect((await api.get(path)).body).toEqual({ data: [], meta: {} });
    const all: string[] = [];
    for (let count = 0; count < 7; count++) all.unshift(await delivery());
    expect(await ids()).toEqual(all);
    const first = (await api.get(`${path}?pageLimit=3`)).body;
    const second = (await api.get(first.meta.next.slice(app.url.length))).body;
    const third = (await api.get(second.meta.next.slice(app.url.length))).body;
    const paged = [first, second, third].flatMap(({ data }) => data as { id: string }[]);
    expect(paged.map(({ id }) => id)).toEqual(all);
    expect(third.meta).not.toHaveProperty('next');
    expect((await api.get(third.meta.previous.slice(app.url.length))).body.data).toEqual(second.data);
  });

  it('are listed over all subscriptions, by state and subscription, in pages', async () => {
    const mine = await delivery({ state: 'exhausted' });
    const { id: other } = await api.subscribe(URL, ['TagCreated']);
    // The same event, to both.
    await delivery({ subscription_id: other, event_id: mine, position, state: 'exhausted' });
    const latest = await delivery({ subscription_id: other, created_at: '2026-01-02T00:00:00Z' });
    const listed = async (query: string) => {
      const found: string[] = [];
      for (let next: string | undefined = `/v1/webhooks/deliveries?limit=1${query}`; next;) {
        const { body } = await api.get(next);
        found.push(
          ...body.data.map((one: { id: string; subscriptionId: string }) => `${one.subscriptionId} ${one.id}`),
        );
        next = (body.meta?.next as string | undefined)?.slice(app.url.length);
      }
      return found;
    };
    const both = [`${other} ${mine}`, `${subscriptionId} ${mine}`].sort().reverse();
    expect(await listed('')).toEqual([`${other} ${latest}`, ...both]);
    expect(await listed('&state=exhausted')).toEqual(both);
    expect(await listed(`&subscriptionId=${other}`)).toEqual([`${other} ${latest}`, `${other} ${mine}`]);
    expect(await listed(`&subscriptionId=${subscriptionId}&state=exhausted`)).toEqual([`${subscriptionId} ${mine}`]);
    const stranger = await app.createTestOrganization();
    expect((await stranger.get('/v1/webhooks/deliveries')).body.data).toEqual([]);
  });

  it('are in the order in which they were created, to the microsecond', async () => {
    const second = '2026-01-01T00:00:00';
    const late = await delivery({ created_at: `${second}.000002Z` });
    const early = await delivery({ created_at: `${second}.000001Z` });
    const first = (await api.get(`${path}?pageLimit=1`)).body;
    const rest = (await api.get(first.meta.next.slice(app.url.length))).body;
    expect([first, rest].map(({ data }) => data.map(({ id }: { id: string }) => id))).toEqual([[late], [early]]);
  });

  it('show where each is', async () => {
    const later = '2099-01-01T00:00:00.000Z';
    const pending = await delivery({ attempts: 2, next_attempt_at: later });
    const done = await delivery({ state: 'delivered', attempts: 1, finished_at: later, event_name: 'TagDeleted' });
    const waiting = await delivery({ next_attempt_at: '-infinity' });
    expect((await api.get(path)).body.data).toEqual([
      { id: waiting, event: 'TagCreated', state: 'pending', attempts: 0, createdAt: PAST },
      { id: done, event: 'TagDeleted', state: 'delivered', attempts: 1, createdAt: PAST, finishedAt: later },
      { id: pending, event: 'TagCreated', state: 'pending', attempts: 2, createdAt: PAST, nextAttemptAt: later },
    ]);
  });

  it('are filtered by state, event and when they were created, and by all of these together', async () => {
    const days: [string, string, string][] = [
      ['pending', 'TagCreated', '2026-01-01'],
      ['exhausted', 'TagCreated', '2026-01-02'],
      ['exhausted', 'TagDeleted', '2026-01-03'],
      ['exhausted', 'TagCreated', '2026-01-04'],
      ['delivered', 'TagCreated', '2026-01-05'],
    ];
    const all = new Map<string, string>();
    for (const [state, event_name, day] of days) {
      all.set(await delivery({ state, event_name, created_at: `${day}T00:00:00Z` }), day.slice(-1));
    }
    const found = async (query: string) => (await ids(query)).map((id) => all.get(id)).join('');
    expect(await found('')).toBe('54321');
    expect(await found('?state=exhausted')).toBe('432');
    expect(await found('?event=TagDeleted')).toBe('3');
    expect(await found('?since=2026-01-02T00:00:00Z')).toBe('5432');
    expect(await found('?until=2026-01-02T00:00:00Z')).toBe('1');
    expect(await found('?since=2026-01-02T00:00:00Z&until=2026-01-04T00:00:00Z')).toBe('32');
    expect(await found('?since=2026-01-02T01:00:00%2B01:00&until=2026-01-02T00:00:00.001Z')).toBe('2');
    const combined = 'state=exhausted&event=TagCreated&since=2026-01-01T12:00:00Z&until=2026-01-04T12:00:00Z';
    expect(await found(`?${combined}`)).toBe('42');
    const { next } = (await api.get(`${path}?${combined}&pageLimit=1`)).body.meta;
    expect(await found(new globalThis.URL(next as string).search)).toBe('2');
  });

  it.each([
    ['state=done', 'state (must be one of: pending, delivered, exhausted, cancelled)'],
    ['event=Nope', 'event (is Nope, which is not an event; GET /v1/webhooks/event-types lists the events)'],
    ['event=', 'event (must be the name of an event; GET /v1/webhooks/event-types lists the events)'],
    ['event=$value$value$property', 'event (is $value$value$property, which is not an event;'],
    [`event=$'${'$value'.repeat(99)}`, `event (is $'${'$value'.repeat(10)}$v…, which is not an event;`],
    ['since=yesterday', 'since (must be an instant'],
    ['until=2026-01-01', 'until (must be an instant'],
    ['since=0000-01-01T00:00:00Z', 'since (must be an instant'],
    ['state=pending&state=delivered', 'state (must be sent once'],
    ['pageLimit=0', 'pageLimit'],
    ['pageKey=x', 'pageKey'],
  ])('are not listed by %s', async (query, reason) => {
    const answer = await api.get(`${path}?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(`query parameter ${reason}`);
  });
});

describe('A delivery', () => {
  it('shows what is sent, and how its attempts went, oldest first', async () => {
    const body = '{"event_fqn": "TAG_CREATED",  "data": "☃"}';
    const id = await delivery({ attempts: 2, next_attempt_at: '2099-01-01T00:00:00Z', body });
    await attempt(id, { outcome: 'timeout', duration_ms: 15_000, response_text: 'no answer within 15 s' });
    await attempt(id, {
      number: 2,
      outcome: 'refused',
      started_at: '2026-01-01T00:00:20Z',
      duration_ms: 31,
      response_code: 500,
      response_text: 'not now',
    });
    await attempt(await delivery(), { outcome: 'delivered' });
    expect((await api.get(`${path}/${id}`)).body.data).toEqual({
      id,
      event: 'TagCreated',
      state: 'pending',
      attempts: 2,
      createdAt: PAST,
      nextAttemptAt: '2099-01-01T00:00:00.000Z',
      payload: body,
      attemptLog: [
        {
          number: 1,
          outcome: 'timeout',
          startedAt: PAST,
          durationMs: 15_000,
          responseText: 'no answer within 15 s',
        },
        {
          number: 2,
          outcome: 'refused',
          startedAt: '2026-01-01T00:00:20.000Z',
          durationMs: 31,
          responseCode: 500,
          responseText: 'not now',
        },
      ],
    });
  });

  it('has no payload once it is kept no longer', async () => {
    const id = await delivery({ state: 'delivered', body: null });
    expect((await api.get(`${path}/${id}`)).body.data).toMatchObject({ payload: null, attemptLog: [] });
  });

  it('is in the status and the logs of its event', async () => {
    const [kept, dropped] = [await delivery({ body: '{"n":1}' }), await delivery({ body: null })];
    await attempt(kept, { outcome: 'delivered', response_code: 204, started_at: '2026-01-01T00:00:01Z' });
    await attempt(dropped, { outcome: 'dns_error', response_text: 'no such name' });
    const status = await api.get(`/v1/webhooks/${subscriptionId}/delivery-status`);
    expect(status.body.data).toEqual([
      { event: 'TagCreated', deliveryStatus: expect.objectContaining({ success: true, responseCode: 204 }) },
    ]);
    const logs = await api.get(`/v1/webhooks/${subscriptionId}/delivery-status/logs/TagCreated`);
    expect(logs.body.data).toEqual([
      { deliveryDetail: expect.objectContaining({ responseCode: 204 }), payload: '{"n":1}' },
      { deliveryDetail: expect.objectContaining({ responseCode: 0, responseText: 'no such name' }), payload: '' },
    ]);
  });

  it('does not exist for others, nor under another subscription, nor under one that is deleted', async () => {
    const id = await delivery({ state: 'exhausted' });
    const stranger = await app.createTestOrganization();
    const other = `/v1/webhooks/${(await api.subscribe(URL, [])).id}/deliveries`;
    const answers = [
      await stranger.get(path),
      await stranger.get(`${path}/${id}`),
      await stranger.post(`${path}/${id}/retry`),
      await api.get(`${other}/${id}`),
      await api.post(`${other}/${id}/retry`),
      await api.get(`${path}/${randomUUIDv7()}`),
      await api.post(`${path}/${randomUUIDv7()}/retry`),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect(await ids('', other)).toEqual([]);
    expect(await ids('?state=exhausted')).toEqual([id]);
    await api.delete(`/v1/webhooks/${subscriptionId}`);
    for (const answer of [await api.get(path), await api.get(`${path}/${id}`), await api.post(`${path}/${id}/retry`)]) {
      expect(answer.status).toBe(404);
      expect(answer.body.message).toBe(`Webhook subscription ${subscriptionId} could not be found`);
    }
    expect((await api.get(`${path}/nothing`)).status).toBe(400);
  });
});

describe('Retrying a delivery', () => {
  const retry = (id: string) => api.post(`${path}/${id}/retry`);
  const row = async (id: string) => {
    const rows = await app.database.sql<Record<string, unknown>>(
      `SELECT state, attempts, finished_at, next_attempt_at::text AS due, next_attempt_at <= now() AS is_due
       FROM webhook_deliveries WHERE event_id = $1`,
      [id],
    );
    expect(rows).toHaveLength(1);
    return rows[0];
  };

  it.each(['delivered', 'exhausted', 'cancelled'])('that was %s begins a new round of attempts', async (state) => {
    const id = await delivery({ state, attempts: 8, finished_at: PAST, next_attempt_at: PAST });
    const { status, body } = await retry(id);
    expect(status).toBe(202);
    expect(body.data).toEqual({
      id,
      event: 'TagCreated',
      state: 'pending',
      attempts: 0,
      createdAt: PAST,
      nextAttemptAt: expect.stringMatching(/Z$/),
    });
    expect(Date.now() - Date.parse(body.data.nextAttemptAt as string)).toBeLessThan(60_000);
    expect(await row(id)).toMatchObject({ state: 'pending', attempts: 0, finished_at: null, is_due: true });
  });

  it('that is pending makes it due now, with the attempts that it has', async () => {
    const id = await delivery({ attempts: 3, next_attempt_at: '2099-01-01T00:00:00Z' });
    expect((await retry(id)).body.data).toMatchObject({ state: 'pending', attempts: 3 });
    expect(await row(id)).toMatchObject({ attempts: 3, is_due: true });
  });

  it('that is due already leaves it its place', async () => {
    const id = await delivery({ next_attempt_at: PAST });
    expect((await retry(id)).body.data.nextAttemptAt).toBe(PAST);
  });

  it.each(['pending', 'exhausted'])('in fifo order that is %s waits for its turn', async (state) => {
    await api.patch(`/v1/webhooks/${subscriptionId}`, { ordering: 'fifo' });
    const id = await delivery({ state, attempts: 1, next_attempt_at: '-infinity' });
    expect((await retry(id)).body.data).not.toHaveProperty('nextAttemptAt');
    expect(await row(id)).toMatchObject({ state: 'pending', due: '-infinity' });
  });

  it('leaves those of the same event to others alone', async () => {
    const id = await delivery({ state: 'exhausted', attempts: 8 });
    const other = await api.subscribe(URL, []);
    await app.database.sql(
      `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name, position, state, attempts)
       SELECT organization_id, $2, event_id, event_name, position, state, attempts FROM webhook_deliveries WHERE event_id = $1`,
      [id, other.id],
    );
    await retry(id);
    expect(await ids('?state=exhausted', `/v1/webhooks/${other.id}/deliveries`)).toEqual([id]);
    expect(await ids('?state=pending')).toEqual([id]);
  });

  const pause = () =>
    app.database.sql(
      "INSERT INTO webhook_health (organization_id, subscription_id, paused_until) VALUES ($1, $2, 'infinity')",
      [api.organizationId, subscriptionId],
    );
  const pausedUntil = async () => {
    const text = 'SELECT paused_until::text AS until FROM webhook_health WHERE subscription_id = $1';
    return (await app.database.sql<{ until: string }>(text, [subscriptionId]))[0]?.until;
  };

  it('ends a pause of its subscription', async () => {
    await pause();
    await retry(await delivery({ state: 'exhausted', body: null }));
    expect(await pausedUntil()).toBe('infinity');
    await retry(await delivery({ state: 'exhausted' }));
    expect(await pausedUntil()).toBe('-infinity');
  });

  it('is refused once its payload is kept no longer', async () => {
    const id = await delivery({ state: 'exhausted', attempts: 8, body: null });
    const { status, body } = await retry(id);
    expect(status).toBe(409);
    expect(body.message).toContain('recover');
    expect(await row(id)).toMatchObject({ state: 'exhausted', attempts: 8 });
  });
});

describe('Cancelling a delivery', () => {
  const cancel = (id: string) => api.post(`${path}/${id}/cancel`);

  it('that is pending gives it up, and says why', async () => {
    const id = await delivery({ attempts: 2, next_attempt_at: '2099-01-01T00:00:00Z' });
    const { status, body } = await cancel(id);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      id,
      event: 'TagCreated',
      state: 'cancelled',
      attempts: 2,
      createdAt: PAST,
      finishedAt: expect.stringMatching(/Z$/),
      cancelReason: 'requested',
    });
    expect((await cancel(id)).body).toEqual(body);
    expect((await api.get(path)).body.data).toEqual([body.data]);
  });

  it.each([
    ['delivered', 'has been delivered; only pending deliveries can be cancelled'],
    ['exhausted', 'was given up after its last attempt; only pending deliveries can be cancelled'],
  ])('that is %s is refused', async (state, reason) => {
    const id = await delivery({ state, finished_at: PAST });
    const { status, body } = await cancel(id);
    expect(status).toBe(409);
    expect(body.message).toBe(`Delivery ${id} ${reason}`);
    expect(await ids(`?state=${state}`)).toEqual([id]);
  });

  it('can be taken back by a retry', async () => {
    const id = await delivery();
    await cancel(id);
    const { body } = await api.post(`${path}/${id}/retry`);
    expect(body.data).toMatchObject({ state: 'pending' });
    expect(body.data).not.toHaveProperty('cancelReason');
  });

  it('is not for those who do not exist, nor for strangers, nor for those who only read', async () => {
    const id = await delivery();
    const stranger = await app.createTestOrganization();
    const reader = await app.clientWith(['webhooks:read'], api);
    const other = `/v1/webhooks/${(await api.subscribe(URL, [])).id}/deliveries`;
    const answers = [
      await cancel(randomUUIDv7()),
      await stranger.post(`${path}/${id}/cancel`),
      await api.post(`${other}/${id}/cancel`),
      await reader.post(`${path}/${id}/cancel`),
      await cancel('nothing'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 403, 400]);
    expect(await ids('?state=pending')).toEqual([id]);
    await api.delete(`/v1/webhooks/${subscriptionId}`);
    expect((await cancel(id)).status).toBe(404);
  });

  it('ends the pause that others have waited along with it, in fifo order alone', async () => {
    const pausedUntil = async () => {
      const text = 'SELECT paused_until::text AS until FROM webhook_health WHERE subscription_id = $1';
      return (await app.database.sql<{ until: string }>(text, [subscriptionId]))[0]?.until;
    };
    await app.database.sql(
      "INSERT INTO webhook_health (organization_id, subscription_id, paused_until) VALUES ($1, $2, 'infinity')",
      [api.organizationId, subscriptionId],
    );
    await cancel(await delivery());
    expect(await pausedUntil()).toBe('infinity');
    await api.patch(`/v1/webhooks/${subscriptionId}`, { ordering: 'fifo' });
    await cancel(await delivery({ state: 'delivered' }));
    expect(await pausedUntil()).toBe('infinity');
    await cancel(await delivery());
    expect(await pausedUntil()).toBe('-infinity');
  });
});

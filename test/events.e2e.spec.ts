import { get } from 'node:http';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { readersWaiting } from './support/event-stream.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const SHARES = {
  EVENTS_MAX_READERS: '8',
  EVENTS_MAX_READERS_PER_ORGANIZATION: '4',
  EVENTS_MAX_READERS_PER_TOKEN: '3',
};

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ env: SHARES });
});
afterAll(() => app.close());

/** An organization whose feed is at its end: the events of its beginning are read. */
interface Reader {
  api: ApiClient;
  cursor: string;
}

async function caughtUp(): Promise<Reader> {
  const api = await app.createTestOrganization();
  return { api, cursor: (await api.get('/v1/events')).body.meta.cursor };
}

/** Follows the cursor for as long as there is more. */
async function readAll(api: ApiClient, query: string): Promise<any[]> {
  const events: any[] = [];
  for (let cursor = ''; ;) {
    const { status, body } = await api.get(`/v1/events?${query}${cursor && `&cursor=${cursor}`}`);
    if (status !== 200) throw new Error(JSON.stringify(body));
    events.push(...body.data);
    if (!body.meta.more) return events;
    cursor = body.meta.cursor;
  }
}

const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

describe('The feed of an organization', () => {
  it('shows what has happened, by whom and through what', async () => {
    const { api, cursor } = await caughtUp();
    const { headers, body } = await api.post('/v1/tags', { name: 'VIP' });
    const answer = await api.get(`/v1/events?cursor=${cursor}`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      data: [
        {
          id: expect.any(String),
          type: 'TagCreated',
          stream: `tag-${body.data.id}`,
          version: 1,
          recordedAt: expect.stringMatching(/Z$/),
          actorId: api.actorId,
          tokenId: expect.any(String),
          requestId: headers.get('x-request-id'),
          data: { id: body.data.id, name: 'VIP' },
        },
      ],
      meta: { cursor: expect.any(String), more: false },
    });
  });

  it('is read in pages, of which each begins where the one before ended', async () => {
    const { api } = await caughtUp();
    for (let index = 0; index < 7; index++) await api.createTag(`tag ${index}`);
    const whole = await readAll(api, '');
    for (const limit of [1, 2, 9, 10]) expect(await readAll(api, `limit=${limit}`)).toEqual(whole);
    expect(typesOf(whole)).toEqual(['OrganizationCreated', 'ApiTokenIssued', ...Array(7).fill('TagCreated')]);
  });

  it('stays where it is while nothing happens', async () => {
    const { api, cursor } = await caughtUp();
    const { body } = await api.get(`/v1/events?cursor=${cursor}`);
    expect(body).toEqual({ data: [], meta: { cursor: expect.any(String), more: false } });
    await api.createTag('VIP');
    expect(typesOf((await api.get(`/v1/events?cursor=${body.meta.cursor}`)).body.data)).toEqual(['TagCreated']);
  });

  it('can be read from now on', async () => {
    const api = await app.createTestOrganization();
    const { body } = await api.get('/v1/events?from=now');
    expect(body).toMatchObject({ data: [], meta: { more: false } });
    await api.createTag('VIP');
    expect(typesOf((await api.get(`/v1/events?from=now&cursor=${body.meta.cursor}`)).body.data)).toEqual([
      'TagCreated',
    ]);
  });

  it('holds nothing of other organizations', async () => {
    const [{ api, cursor }, stranger] = [await caughtUp(), await app.createTestOrganization()];
    await stranger.createTag('secret');
    expect((await api.get(`/v1/events?cursor=${cursor}`)).body.data).toEqual([]);
    expect(JSON.stringify(await readAll(api, ''))).not.toContain('secret');
  });

  it('is filtered by type, kind of stream and stream, in pages as well', async () => {
    const { api } = await caughtUp();
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push(await api.createTag(name));
    await api.createTeam('d');
    for (const id of ids) await api.patch(`/v1/tags/${id}/deactivate`);
    const created = ['TagCreated', 'TagCreated', 'TagCreated'];
    const deactivated = ['TagDeactivated', 'TagDeactivated', 'TagDeactivated'];
    for (const limit of ['', '&limit=1']) {
      expect(typesOf(await readAll(api, `types=TagCreated${limit}`))).toEqual(created);
      expect(typesOf(await readAll(api, `types=TeamCreated,TagDeactivated${limit}`))).toEqual([
        'TeamCreated',
        ...deactivated,
      ]);
      expect(typesOf(await readAll(api, `category=tag${limit}`))).toEqual([...created, ...deactivated]);
      expect(typesOf(await readAll(api, `stream=tag-${ids[1]}${limit}`))).toEqual(['TagCreated', 'TagDeactivated']);
      expect(typesOf(await readAll(api, `stream=tag-${ids[1]}&types=TagDeactivated${limit}`))).toEqual([
        'TagDeactivated',
      ]);
      expect(await readAll(api, `stream=team-${ids[1]}${limit}`)).toEqual([]);
    }
  });

  it('moves on where a filter lets nothing through for long, and says that there is more', async () => {
    const { api } = await caughtUp();
    await app.database.sql(
      `INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
       SELECT $1, 'tag-' || gen_random_uuid(), 1, nextval('event_position'), gen_random_uuid(), 'TagCreated', 1, '{}',
         '{"actorId": "01980f5c-7a1b-7c3d-8e5f-2a3b4c5d6e7f"}', now() FROM generate_series(1, 10050)`,
      [api.organizationId],
    );
    await api.createTeam('last');
    const { body } = await api.get('/v1/events?types=TeamCreated');
    expect(body).toMatchObject({ data: [], meta: { more: true } });
    const next = await api.get(`/v1/events?types=TeamCreated&cursor=${body.meta.cursor}`);
    expect(next.body).toMatchObject({ data: [{ type: 'TeamCreated' }], meta: { more: false } });
  });

  it.each([
    ['types=TagCreated,TagEaten', /types \(may only contain: .*TagCreated.*\)$/],
    ['types=', /types \(must not be empty\)$/],
    ['category=cat', /category \(must be one of: .*endUser.*\)$/],
    ['stream=cat-1', /stream \(must be one of: .*\)$/],
    ['stream=', /stream \(must not be empty\)$/],
    ['stream=tag-%00', /stream \(must not contain NUL/],
    ['types=Tag%00', /types \(must not contain NUL/],
    ['from=yesterday', /from \(must be one of: start, now\)$/],
    ['limit=0', /limit \(must be a whole number from 1 to 500\)$/],
    ['limit=501', /limit \(must be a whole number from 1 to 500\)$/],
    ['wait=31', /wait \(must be a whole number from 0 to 30\)$/],
    ['cursor=', /cursor \(must not be empty\)$/],
    ['cursor=abc', /cursor \(not a cursor of this feed\)$/],
    ['cursor=v1.AAAA', /cursor \(not a cursor of this feed\)$/],
  ])('is not read by %s', async (query, reason) => {
    const { status, body } = await (await app.createTestOrganization()).get(`/v1/events?${query}`);
    expect(status).toBe(400);
    expect(body.message).toMatch(reason);
  });

  it('is read by its own cursors only, unchanged', async () => {
    const [{ api, cursor }, stranger] = [await caughtUp(), await app.createTestOrganization()];
    expect((await stranger.get(`/v1/events?cursor=${cursor}`)).status).toBe(400);
    const last = cursor.at(-1) === 'A' ? 'Q' : 'A';
    expect((await api.get(`/v1/events?cursor=${cursor.slice(0, -1)}${last}`)).status).toBe(400);
  });

  it('needs the scope events:read', async () => {
    const admin = await app.createTestOrganization();
    const other = await app.clientWith(['tags:write'], admin);
    for (const path of ['/v1/events', '/v1/events/stream']) {
      expect((await other.get(path)).body.message).toBe('The API token lacks the scope events:read');
    }
    expect((await (await app.clientWith(['events:read'], admin)).get('/v1/events')).status).toBe(200);
  });
});

describe('What the feed tells', () => {
  it('of people, it tells those who may read them', async () => {
    const admin = await app.createTestOrganization();
    const { id } = await admin.create('/v1/endusers', { displayName: 'Ada Lovelace', email: 'ada@example.com' });
    const query = `/v1/events?stream=endUser-${id}`;
    const blind = await app.clientWith(['events:read'], admin);
    expect((await blind.get(query)).body.data).toMatchObject([{ type: 'EndUserCreated', redacted: true }]);
    expect(JSON.stringify((await blind.get(query)).body)).not.toContain('Ada');
    const seeing = await app.clientWith(['events:read', 'endusers:read'], admin);
    const [event] = (await seeing.get(query)).body.data;
    expect(event.data.person).toMatchObject({ displayName: 'Ada Lovelace' });
    expect(event).not.toHaveProperty('redacted');
  });

  it('of people whose key is destroyed, it tells nobody', async () => {
    const api = await app.createTestOrganization();
    const { id } = await api.create('/v1/endusers', { displayName: 'Ada Lovelace' });
    await app.database.sql('DELETE FROM stream_keys WHERE organization_id = $1', [api.organizationId]);
    const { body } = await api.get(`/v1/events?stream=endUser-${id}`);
    expect(body.data).toMatchObject([{ type: 'EndUserCreated', redacted: true }]);
    expect(JSON.stringify(body)).not.toContain('Ada');
  });

  it('of secrets, it tells that there are some', async () => {
    const api = await app.createTestOrganization();
    const { id, secretKey } = await api.subscribe('http://127.0.0.1:9/', ['TagCreated'], {
      authorization: { _type: 'BasicAuth', username: 'me', password: 'hunter22' },
    });
    const { body } = await api.get(`/v1/events?stream=webhookSubscription-${id}`);
    expect(body.data[0].data).toMatchObject({
      secretKey: '***',
      authorization: { username: '***', password: '***' },
    });
    expect(JSON.stringify(body)).not.toMatch(new RegExp(`hunter22|${secretKey}`));
  });

  it('of API tokens, it does not tell the hashes', async () => {
    const api = await app.createTestOrganization();
    const events = await readAll(api, 'types=ApiTokenIssued');
    expect(events).toMatchObject([{ data: { name: 'test', tokenHash: '***' } }]);
    const [{ secret_hash: hash }] = (await app.database.sql(
      'SELECT secret_hash FROM api_tokens WHERE organization_id = $1',
      [api.organizationId],
    )) as [{ secret_hash: string }];
    expect(JSON.stringify(await readAll(api, ''))).not.toContain(hash);
  });
});

describe('Waiting for events', () => {
  it('ends as soon as there is one', async () => {
    const { api, cursor } = await caughtUp();
    const waiting = api.get(`/v1/events?wait=30&cursor=${cursor}`);
    await waitFor('the reader to wait', async () => (await readersWaiting()) === 1);
    await api.createTag('VIP');
    expect(typesOf((await waiting).body.data)).toEqual(['TagCreated']);
  });

  it('ends at once when there are some already', async () => {
    const { api, cursor } = await caughtUp();
    await api.createTag('VIP');
    expect(typesOf((await api.get(`/v1/events?wait=30&cursor=${cursor}`)).body.data)).toEqual(['TagCreated']);
  });

  it('ends without one when its time is over, or nothing comes that the filter lets through', async () => {
    const { api, cursor } = await caughtUp();
    const waiting = api.get(`/v1/events?wait=1&types=TeamCreated&cursor=${cursor}`);
    await waitFor('the reader to wait', async () => (await readersWaiting()) === 1);
    await api.createTag('VIP');
    const { status, body } = await waiting;
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: [], meta: { more: false } });
    await api.createTeam('later');
    const next = await api.get(`/v1/events?types=TeamCreated&cursor=${body.meta.cursor}`);
    expect(typesOf(next.body.data)).toEqual(['TeamCreated']);
  });

  it('also ends when the announcement is lost', async () => {
    const { api, cursor } = await caughtUp();
    const waiting = api.get(`/v1/events?wait=30&cursor=${cursor}`);
    await waitFor('the reader to wait', async () => (await readersWaiting()) === 1);
    await app.database.sql(
      `INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
       VALUES ($1, 'tag-x', 1, nextval('event_position'), gen_random_uuid(), 'TagCreated', 1, '{}', '{"actorId": "x"}', now())`,
      [api.organizationId],
    );
    expect(typesOf((await waiting).body.data)).toEqual(['TagCreated']);
  });

  it('is for so many readers of a token, of an organization and in all, and leaves room for others; one that goes away makes more', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, caughtUp));
    const [first, second, third, fourth, fifth] = all as [Reader, Reader, Reader, Reader, Reader];
    const wait = ({ api, cursor }: Reader) =>
      get(`${app.url}/v1/events?types=TagDeleted&wait=30&cursor=${cursor}`, {
        agent: false,
        headers: { authorization: `Bearer ${api.token}` },
      }).on('error', () => undefined);
    const readers = [first, first, first].map(wait);
    await waitFor('3 readers', async () => (await readersWaiting()) === 3);
    const refused = await first.api.get(`/v1/events?wait=1&cursor=${first.cursor}`);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await first.api.get(`/v1/events?cursor=${first.cursor}`)).status).toBe(200);
    expect((await first.api.get('/v1/events/stream')).status).toBe(429);
    const other = { ...first, api: await app.clientWith(['events:read'], first.api) };
    readers.push(wait(other));
    await waitFor('4 readers', async () => (await readersWaiting()) === 4);
    const beyond = await other.api.get(`/v1/events?types=TagDeleted&wait=1&cursor=${first.cursor}`);
    expect(beyond).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
    expect(beyond.body.message).toContain('The organization has 4 readers waiting for events, which is the maximum');
    expect(Number(beyond.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await other.api.get('/v1/events/stream')).status).toBe(429);
    readers.push(...[second, second].map(wait));
    await waitFor('6 readers', async () => (await readersWaiting()) === 6);
    const more = await second.api.get(`/v1/events?wait=1&cursor=${second.cursor}`);
    expect(more.body.message).toContain('The organization has 2 readers waiting for events, which is the maximum');
    readers.push(...[third, fourth].map(wait));
    await waitFor('8 readers', async () => (await readersWaiting()) === 8);
    expect((await other.api.get(`/v1/events?types=TagDeleted&wait=1&cursor=${first.cursor}`)).status).toBe(429);
    const late = await fifth.api.get(`/v1/events?wait=1&cursor=${fifth.cursor}`);
    expect(late).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const reader of readers) reader.destroy();
    await waitFor('the places to be free', async () => (await readersWaiting()) === 0);
    expect((await first.api.get(`/v1/events?wait=1&cursor=${first.cursor}`)).status).toBe(200);
  });
});

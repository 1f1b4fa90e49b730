import { once } from 'node:events';
import { connect } from 'node:net';
import { waitFor } from '#libs/testing/wait-for.js';
import { type ApiClient } from './support/api-client.js';
import { type EventStream, openEventStream, readersWaiting, take } from './support/event-stream.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const HEARTBEAT_SECONDS = 0.3;

let app: TestApp;
let streams: EventStream[] = [];
beforeAll(async () => {
  app = await startTestApp({ env: { EVENTS_HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS) } });
});
afterEach(async () => {
  for (const stream of streams) stream.abort();
  streams = [];
  await waitFor('all readers to be gone', async () => (await readersWaiting()) === 0);
});
afterAll(() => app.close());

async function follow({ token }: ApiClient, query = '', lastEventId?: string, url = app.url): Promise<EventStream> {
  const stream = await openEventStream(`${url}/v1/events/stream${query}`, token, lastEventId);
  streams.push(stream);
  return stream;
}

/** What a stream says next, be it an event or not. */
async function next({ messages }: EventStream) {
  return (await messages.next()).value ?? 'the end';
}

describe('A stream of events', () => {
  it('begins with what has happened, goes on with what happens, and says it as the list does', async () => {
    const api = await app.createTestOrganization();
    const stream = await follow(api);
    expect(stream.status).toBe(200);
    expect(stream.headers['content-type']).toBe('text/event-stream');
    expect(stream.headers['cache-control']).toBe('no-store');
    const past = await take(stream, 2);
    await api.createTag('VIP');
    const events = [...past, ...(await take(stream, 1))];
    const listed = (await api.get('/v1/events')).body.data;
    expect(events.map(({ data }) => data)).toEqual(listed);
    expect(events.map(({ event }) => event)).toEqual(['OrganizationCreated', 'ApiTokenIssued', 'TagCreated']);
  });

  it('goes on after the event that the client had last, whatever else it asks for', async () => {
    const api = await app.createTestOrganization();
    const [first] = await take(await follow(api), 2);
    const stream = await follow(api, '?from=now', first?.id);
    expect((await take(stream, 1))[0]?.event).toBe('ApiTokenIssued');
  });

  it('takes cursors of the list, and the list takes its ids', async () => {
    const api = await app.createTestOrganization();
    const { cursor } = (await api.get('/v1/events?limit=1')).body.meta;
    const [event] = await take(await follow(api, `?cursor=${cursor}`), 1);
    expect(event?.event).toBe('ApiTokenIssued');
    expect((await api.get(`/v1/events?cursor=${event?.id}`)).body.data).toEqual([]);
  });

  it('misses nothing for a client that is cut off before its first event', async () => {
    const api = await app.createTestOrganization();
    const cutOff = await follow(api, '?from=now');
    const { id } = (await next(cutOff)) as { id: string };
    cutOff.abort();
    await api.createTag('VIP');
    expect((await take(await follow(api, '?from=now', id), 1))[0]?.event).toBe('TagCreated');
  });

  it('lets through what its filter does, and moves on past the rest', async () => {
    const api = await app.createTestOrganization();
    const stream = await follow(api, '?types=TeamCreated&from=now');
    await next(stream);
    await api.createTag('VIP');
    await api.createTeam('Support');
    expect((await take(stream, 1))[0]?.event).toBe('TeamCreated');
  });

  it('shows that it is alive while nothing happens', async () => {
    const stream = await follow(await app.createTestOrganization(), '?from=now');
    const heartbeats = [await next(stream), await next(stream), await next(stream)];
    for (const heartbeat of heartbeats) expect(heartbeat).toEqual({ id: expect.any(String) });
  });

  it('shows personal data to those who may read it', async () => {
    const admin = await app.createTestOrganization();
    const blind = await follow(await app.clientWith(['events:read'], admin), '?types=EndUserCreated');
    const seeing = await follow(await app.clientWith(['events:read', 'endusers:read'], admin), '?types=EndUserCreated');
    await admin.create('/v1/endusers', { displayName: 'Ada Lovelace' });
    expect((await take(blind, 1))[0]?.data).toMatchObject({ redacted: true, data: {} });
    expect((await take(seeing, 1))[0]?.data.data.person).toMatchObject({ displayName: 'Ada Lovelace' });
  });

  it('does not begin with a cursor of another feed', async () => {
    const [api, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { cursor } = (await api.get('/v1/events')).body.meta;
    const refused = [await follow(stranger, '', cursor), await follow(stranger, `?cursor=${cursor}`)];
    expect(refused.map(({ status }) => status)).toEqual([400, 400]);
  });

  it('ends when its token does not count any more', async () => {
    const admin = await app.createTestOrganization();
    const api = await app.clientWith(['events:read'], admin);
    const stream = await follow(api, '?from=now');
    await next(stream);
    await app.database.sql(`UPDATE api_tokens SET scopes = '{}' WHERE organization_id = $1 AND name = 'test'`, [
      api.organizationId,
    ]);
    await waitFor('the stream to end', async () => (await next(stream)) === 'the end');
  });

  it('is answered to HEAD without taking a place', async () => {
    const api = await app.createTestOrganization();
    const answer = await api.send('HEAD', '/v1/events/stream');
    expect(answer.status).toBe(200);
    await waitFor('the place to be free', async () => (await readersWaiting()) === 0);
  });

  it('gives its place back when its client was gone before it had it', async () => {
    const { token } = await app.createTestOrganization();
    const { hostname, port } = new URL(app.url);
    for (let index = 0; index < 60; index++) {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.on('error', () => undefined);
      socket.write(`GET /v1/events/stream?from=now HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
      await new Promise(setImmediate);
      socket.resetAndDestroy();
    }
    await waitFor('all places to be free', async () => (await readersWaiting()) === 0);
  });

  it('is dropped when its client takes nothing, and does not fill the memory until then', async () => {
    const api = await app.createTestOrganization();
    await app.database.sql(
      `INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
       SELECT $1, 'tag-' || gen_random_uuid(), 1, nextval('event_position'), gen_random_uuid(), 'TagCreated', 1,
         jsonb_build_object('name', repeat('x', 200000)), '{"actorId": "x"}', now() FROM generate_series(1, 200)`,
      [api.organizationId],
    );
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined).pause();
    socket.write(`GET /v1/events/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.token}\r\n\r\n`);
    await waitFor('the stream to begin', async () => (await readersWaiting()) === 1);
    await waitFor('the stream to be dropped', async () => (await readersWaiting()) === 0);
    expect(socket.bytesRead).toBeLessThan(20_000_000);
    socket.resume();
    await closed;
  });
});

describe('At the stop of the process', () => {
  it('streams and waits end at once', async () => {
    const stopping = await startTestApp({ beside: app });
    const api = await stopping.createTestOrganization();
    const { cursor } = (await api.get('/v1/events')).body.meta;
    const waiting = api.get(`/v1/events?wait=30&cursor=${cursor}`);
    const askedAt = performance.now();
    const stream = await follow(api, '?from=now', undefined, stopping.url);
    await next(stream);
    await waitFor('both to wait', async () => (await readersWaiting()) === 2);
    await stopping.close();
    expect(performance.now() - askedAt).toBeLessThan(30_000);
    expect(await next(stream)).toBe('the end');
    expect(await waiting).toMatchObject({ status: 200, body: { data: [] } });
  });
});

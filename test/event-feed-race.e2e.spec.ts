import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { appendStatement } from '#libs/event-store/append-statements.js';
import { type RecordedEvent } from '#libs/event-store/event.js';
import { connectTo } from '#libs/testing/connections.js';
import { type ApiClient } from './support/api-client.js';
import { openEventStream, type StreamMessage } from './support/event-stream.js';
import { startTestApp, type TestApp } from './support/test-app.js';

const WRITERS = 16;
const EVENTS_OF_EACH = 300;
const BATCH = 3;
const EVENTS = WRITERS * EVENTS_OF_EACH;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** Appends to a stream of its own as the store does, slower, and with transactions that come to nothing. */
async function write(organizationId: string): Promise<void> {
  const client = await connectTo(app.database.appUrl, 'deskstream_app');
  await client.query("SELECT set_config('app.org', $1, false)", [organizationId]);
  const id = randomUUID();
  for (let version = 0; version < EVENTS_OF_EACH;) {
    await client.query('BEGIN');
    for (let index = 1; index <= BATCH; index++) {
      const event = eventOf(organizationId, id, version + index);
      await client.query(appendStatement(event, { schemaVersion: 1, data: event.data as any, sealed: {} }));
      if (Math.random() < 0.05) await pause(Math.random() * 10);
    }
    const keep = Math.random() < 0.8;
    await client.query(keep ? 'COMMIT' : 'ROLLBACK');
    if (keep) version += BATCH;
    app.runtime.notifications.signal(organizationId);
  }
  await client.end();
}

function eventOf(organizationId: string, id: string, version: number): RecordedEvent {
  const [metadata, recordedAt] = [{ actorId: id }, new Date()];
  const what = { type: 'TagActivated', data: { id }, sealed: {} };
  return { organizationId, stream: `tag-${id}`, version, eventId: randomUUID(), metadata, recordedAt, ...what };
}

interface Seen {
  id: string;
  stream: string;
  version: number;
}

/** Reads on from cursor to cursor, waiting where there is nothing yet, until it has seen as many events. */
async function poll(api: ApiClient, cursor: string, count: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  while (seen.length < count) {
    const { status, body } = await api.get(`/v1/events?wait=5&limit=37&cursor=${cursor}`);
    if (status !== 200) throw new Error(JSON.stringify(body));
    seen.push(...body.data);
    cursor = body.meta.cursor;
  }
  return seen;
}

/** Follows the stream, is cut off again and again, and goes on where it was. */
async function follow(api: ApiClient, cursor: string, count: number): Promise<{ seen: Seen[]; cuts: number }> {
  const seen: Seen[] = [];
  let [lastEventId, cuts] = [cursor, -1];
  while (seen.length < count) {
    cuts += 1;
    const stream = await openEventStream(`${app.url}/v1/events/stream`, api.token, lastEventId);
    let left = Math.ceil(Math.random() * 400);
    for await (const { id, data } of stream.messages as AsyncIterable<StreamMessage>) {
      lastEventId = id ?? lastEventId;
      if (data) seen.push(data);
      if (seen.length >= count || --left === 0) break;
    }
    stream.abort();
  }
  return { seen, cuts };
}

describe('While 16 writers race and roll back, the feed', () => {
  it('gives every event once and in order, to who polls and to who follows and is cut off', async () => {
    const [api, stranger] = [await app.createTestOrganization(), await app.createTestOrganization()];
    const { cursor } = (await api.get('/v1/events')).body.meta;
    const [polling, following] = [poll(api, cursor, EVENTS), follow(api, cursor, EVENTS)];
    const writing = Array.from({ length: WRITERS }, () => write(api.organizationId));
    const all = Promise.all([polling, following, write(stranger.organizationId), ...writing]);
    const [polled, { seen: followed, cuts }] = await all;
    const stored = await app.database.sql<{ id: string }>(
      `SELECT event_id AS id FROM events WHERE organization_id = $1 AND type = 'TagActivated' ORDER BY position`,
      [api.organizationId],
    );
    expect(stored).toHaveLength(EVENTS);
    expect(polled.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect(followed.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
    expect(cuts).toBeGreaterThan(5);
  });
});

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connectTo } from '#libs/testing/connections.js';
import { counterStream, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { type FeedEvent, type RecordedEvent, type WriteContext } from './event.js';
import { EventFeed, type FeedPage } from './event-feed.js';
import { appendStatement } from './append-statements.js';
import { PARTITIONS, partitionOf } from './partitions.js';

const ALL_TYPES = 'SELECT DISTINCT type FROM events';

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore([counterStream], 16);
});
afterEach(() => world.close());

const WRITERS = 16;
const EVENTS = 20_000;
const BATCH = 5;

/** Begins a transaction on a connection and appends to a stream, as the store does, without ending it. */
async function beginAppend(client: pg.Client, organizationId: string, id: string, version: number, by: number[]) {
  await client.query('BEGIN');
  await client.query("SELECT set_config('app.org', $1, true)", [organizationId]);
  for (const [index, data] of by.map((amount) => ({ by: amount })).entries()) {
    const event: RecordedEvent = {
      organizationId,
      stream: `counter-${id}`,
      version: version + index + 1,
      eventId: randomUUID(),
      type: 'CounterRaised',
      data,
      sealed: {},
      metadata: { actorId: id },
      recordedAt: new Date(),
    };
    await client.query(appendStatement(event, { schemaVersion: 1, data, sealed: {} }));
  }
}

const connectApp = () => connectTo(world.test.appUrl, 'deskstream_app');

/** Returns a new organization of that partition. */
function organizationIn(partition: number): string {
  return randomUUID().slice(0, -2) + partition.toString(16).padStart(2, '0');
}

/** Appends to its own stream in transactions with random delays, some of which are rolled back. */
async function write(organizationId: string, events: number): Promise<void> {
  const client = await connectApp();
  const id = randomUUID();
  for (let version = 0; version < events;) {
    await beginAppend(client, organizationId, id, version, Array<number>(BATCH).fill(1));
    if (Math.random() < 0.1) await pause(Math.random() * 4);
    const keep = Math.random() < 0.9;
    await client.query(keep ? 'COMMIT' : 'ROLLBACK');
    if (keep) version += BATCH;
  }
  await client.end();
}

/** Returns the page of one partition. */
async function pageOf(feed: EventFeed, partition: number, position: number, limit: number): Promise<FeedPage> {
  const [page] = await feed.read([{ partition, position }], limit);
  return page as FeedPage;
}

/** Follows the feed of an organization's partition until it has seen the given number of events. */
async function follow(feed: EventFeed, organizationId: string, count: number): Promise<FeedEvent[]> {
  const seen: FeedEvent[] = [];
  let position = 0;
  const read = async () => {
    const page = await pageOf(feed, partitionOf(organizationId), position, 700);
    seen.push(...page.events);
    position = page.position;
    return seen.length >= count;
  };
  await waitFor(`${count} events in the feed`, read, () => position);
  return seen;
}

describe('The feed', () => {
  it('misses nothing, repeats nothing and keeps the order of each stream, while 16 writers race and roll back', async () => {
    const organizationId = randomUUID();
    const writers = Array.from({ length: WRITERS }, () => write(organizationId, EVENTS / WRITERS));
    const following = follow(new EventFeed(world.worker, world.codec, ALL_TYPES), organizationId, EVENTS);
    const [seen] = await Promise.all([following, ...writers]);
    const [stored] = await world.test.sql<{ count: number }>('SELECT count(*)::int FROM events');
    expect(stored?.count).toBe(EVENTS);
    expect(new Set(seen.map(({ eventId }) => eventId)).size).toBe(EVENTS);
    expect(seen.length).toBe(EVENTS);
    expect(seen.every(({ position }, index) => index === 0 || position > (seen[index - 1] as FeedEvent).position)).toBe(
      true,
    );
    const versions = new Map<string, number>();
    for (const { stream, version } of seen) {
      expect(version).toBe((versions.get(stream) ?? 0) + 1);
      versions.set(stream, version);
    }
  });

  it('does not wait for a transaction that has nothing to do with it', async () => {
    const idle = await connectTo(world.test.ownerUrl);
    await idle.query('BEGIN; CREATE TABLE unrelated (id int); INSERT INTO unrelated VALUES (1)');
    const context = world.context();
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
    const feed = new EventFeed(world.worker, world.codec, ALL_TYPES);
    const page = await pageOf(feed, partitionOf(context.organizationId), 0, 10);
    expect(page.events).toHaveLength(1);
    await idle.query('ROLLBACK');
    await idle.end();
  });

  it('stops before an append that is under way, and goes on when it is over', async () => {
    const context = world.context();
    const slow = await connectApp();
    await beginAppend(slow, context.organizationId, randomUUID(), 0, [7]);
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
    const feed = new EventFeed(world.worker, world.codec, ALL_TYPES);
    const partition = partitionOf(context.organizationId);
    const before = await pageOf(feed, partition, 0, 10);
    expect(before.events).toEqual([]);
    await slow.query('COMMIT');
    await slow.end();
    const after = await pageOf(feed, partition, before.position, 10);
    expect(after.events.map(({ data }) => data)).toEqual([{ by: 7 }, { by: 1 }]);
  });

  it('does not wait for an append that is under way in another partition, but for one that names none', async () => {
    const [slow, context] = [await connectApp(), world.context()];
    const { organizationId } = context;
    const partition = partitionOf(organizationId);
    const feed = new EventFeed(world.worker, world.codec, ALL_TYPES);
    await beginAppend(slow, organizationIn((partition + 1) % PARTITIONS), randomUUID(), 0, [7]);
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
    expect((await pageOf(feed, partition, 0, 10)).events).toHaveLength(1);
    await slow.query('ROLLBACK');
    // The lock of the previous version.
    await slow.query(
      "BEGIN; SELECT pg_advisory_xact_lock_shared(position_lock(pg_sequence_last_value('event_position')))",
    );
    await world.store.append(counterStream, randomUUID(), 0, [raise(2)], context);
    expect((await pageOf(feed, partition, 0, 10)).events).toHaveLength(1);
    await slow.end();
  });

  it('is read in several partitions at once, each from its own position', async () => {
    const contexts = [5, 6, 7].map((partition) => ({ ...world.context(), organizationId: organizationIn(partition) }));
    for (const [index, context] of contexts.entries()) {
      for (let count = 0; count <= index; count++) {
        await world.store.append(counterStream, randomUUID(), 0, [raise(10 * index + count)], context);
      }
    }
    const feed = new EventFeed(world.worker, world.codec, ALL_TYPES);
    const start = await pageOf(feed, 7, 0, 1);
    const led = [7, 5, 6].map((partition) => ({ partition, position: partition === 7 ? start.position : 0 }));
    const pages = await feed.read(led, 2);
    const raised = pages.map(({ events }) => events.map(({ data }) => (data as { by: number }).by));
    expect(raised).toEqual([[21, 22], [0], [10, 11]]);
    const rest = await feed.read(
      led.map(({ partition }, index) => ({ partition, position: pages[index]?.position ?? 0 })),
      2,
    );
    expect(rest.map(({ events, more }) => [events, more])).toEqual(Array.from({ length: 3 }, () => [[], false]));
  });

  it('has the partitions that the database says', async () => {
    const ids = Array.from({ length: 200 }, () => randomUUID());
    const rows = await world.test.sql<{ partition: number }>(
      'SELECT partition_of(id) AS partition FROM unnest($1::uuid[]) AS ids(id)',
      [ids],
    );
    expect(rows.map(({ partition }) => partition)).toEqual(ids.map(partitionOf));
    expect(new Set(ids.map(partitionOf)).size).toBeGreaterThan(PARTITIONS / 2);
  });

  it('tells which partitions have news', async () => {
    const [one, other] = [3, 60].map((partition) => ({
      ...world.context(),
      organizationId: organizationIn(partition),
    }));
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], one as typeof one & WriteContext);
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], other as typeof one & WriteContext);
    const feed = new EventFeed(world.worker, world.codec, ALL_TYPES);
    const { position } = await pageOf(feed, 3, 0, 10);
    const led = [3, 4, 60].map((partition) => ({ partition, position: partition === 3 ? position : 0 }));
    expect(await feed.partitionsWithNews(led)).toEqual([60]);
  });

  describe('of more events than a page looks at', () => {
    const [SPAN, COUNT] = [10, 25];
    /** The position before the first event. */
    let start: number;
    let context: ReturnType<TestStore['context']>;
    const read = (types: string, after: number, limit = 500) =>
      pageOf(new EventFeed(world.worker, world.codec, types, SPAN), partitionOf(context.organizationId), after, limit);
    beforeEach(async () => {
      context = world.context();
      const raised = Array.from({ length: COUNT }, () => raise(1));
      await world.store.append(counterStream, randomUUID(), 0, raised, context);
      start = ((await read(ALL_TYPES, 0, 1)).events[0]?.position ?? 0) - 1;
    });

    it('moves on past events that nobody wants, so many at a time', async () => {
      const nobody = "SELECT 'NobodyWantsThis'";
      const pages = [await read(nobody, start)];
      // A feed that stands still must not loop forever.
      while (pages.at(-1)?.more && pages.length < COUNT) pages.push(await read(nobody, pages.at(-1)?.position ?? 0));
      expect(pages).toEqual([
        { events: [], position: start + SPAN, more: true },
        { events: [], position: start + 2 * SPAN, more: true },
        { events: [], position: start + COUNT, more: false },
      ]);
    });

    it('passes a gap in one step, however wide it is', async () => {
      const WIDTH = 1_000_000_000;
      await world.test.sql("SELECT setval('event_position', last_value + $1) FROM event_position", [WIDTH]);
      await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
      const page = await read(ALL_TYPES, start + COUNT - 3);
      expect([page.events.length, page.position, page.more]).toEqual([4, start + COUNT + WIDTH + 1, false]);
    });

    it('goes on where a full page ends, else where it has looked last', async () => {
      const full = await read(ALL_TYPES, start, 7);
      expect([full.events.length, full.position, full.more]).toEqual([7, start + 7, true]);
      const rest = await read(ALL_TYPES, full.position);
      expect([rest.events.length, rest.position, rest.more]).toEqual([SPAN, start + 7 + SPAN, true]);
      const last = await read(ALL_TYPES, rest.position);
      expect([last.events.length, last.position, last.more]).toEqual([8, start + COUNT, false]);
    });
  });
});

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connectTo } from '#libs/testing/connections.js';
import { counterStream, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { Checkpoint, isFenced } from './checkpoint.js';
import { type FeedEvent, type RecordedEvent } from './event.js';
import { EventFeed } from './event-feed.js';
import { appendStatement } from './append-statements.js';

const ALL_TYPES = 'SELECT DISTINCT type FROM events';

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore([counterStream], 16);
});
afterEach(() => world.close());

const WRITERS = 16;
const EVENTS = 20_000;
const BATCH = 5;

/** A connection inside a transaction that has appended to a stream, as the store does it, and is not over yet. */
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

/** Appends to its own stream, with random delays inside the transaction, some of which are rolled back. */
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

/** Follows the feed until it has seen as many events. */
async function follow(feed: EventFeed, count: number): Promise<FeedEvent[]> {
  const seen: FeedEvent[] = [];
  let position = 0;
  const read = async () => {
    const page = await feed.read(position, 700);
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
    const following = follow(new EventFeed(world.worker, world.codec, ALL_TYPES), EVENTS);
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
    const page = await new EventFeed(world.worker, world.codec, ALL_TYPES).read(0, 10);
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
    const before = await feed.read(0, 10);
    expect(before.events).toEqual([]);
    await slow.query('COMMIT');
    await slow.end();
    const after = await feed.read(before.position, 10);
    expect(after.events.map(({ data }) => data)).toEqual([{ by: 7 }, { by: 1 }]);
  });

  describe('of more positions than a page looks at', () => {
    const [SPAN, COUNT] = [10, 25];
    /** The position before the first event. */
    let start: number;
    const feedOf = (types: string) => new EventFeed(world.worker, world.codec, types, SPAN);
    beforeEach(async () => {
      const raised = Array.from({ length: COUNT }, () => raise(1));
      await world.store.append(counterStream, randomUUID(), 0, raised, world.context());
      start = ((await feedOf(ALL_TYPES).read(0, 1)).events[0]?.position ?? 0) - 1;
    });

    it('moves on past events that nobody wants, so many positions at a time', async () => {
      const feed = feedOf("SELECT 'NobodyWantsThis'");
      const pages = [await feed.read(start, 500)];
      // One that stands still would do so for ever.
      while (pages.at(-1)?.more && pages.length < COUNT) pages.push(await feed.read(pages.at(-1)?.position ?? 0, 500));
      expect(pages).toEqual([
        { events: [], position: start + SPAN, more: true },
        { events: [], position: start + 2 * SPAN, more: true },
        { events: [], position: start + COUNT, more: false },
      ]);
    });

    it('passes a gap in one step, however wide it is', async () => {
      const WIDTH = 1_000_000_000;
      const feed = feedOf(ALL_TYPES);
      await world.test.sql("SELECT setval('event_position', last_value + $1) FROM event_position", [WIDTH]);
      await world.store.append(counterStream, randomUUID(), 0, [raise(1)], world.context());
      const before = await feed.read(start + COUNT - SPAN, 500);
      expect([before.events.length, before.position, before.more]).toEqual([SPAN, start + COUNT + WIDTH, true]);
      const after = await feed.read(before.position, 500);
      expect([after.events.length, after.position, after.more]).toEqual([1, start + COUNT + WIDTH + 1, false]);
    });

    it('goes on where a full page ends, else where it has looked last', async () => {
      const feed = feedOf(ALL_TYPES);
      const full = await feed.read(start, 7);
      expect([full.events.length, full.position, full.more]).toEqual([7, start + 7, true]);
      const rest = await feed.read(full.position, 500);
      expect([rest.events.length, rest.position, rest.more]).toEqual([SPAN, start + 7 + SPAN, true]);
      const last = await feed.read(rest.position, 500);
      expect([last.events.length, last.position, last.more]).toEqual([8, start + COUNT, false]);
    });
  });
});

describe('A checkpoint', () => {
  it('is led by one process at a time, and by another once that one resigns', async () => {
    const [first, second] = [new Checkpoint(world.worker, 'test'), new Checkpoint(world.worker, 'test')];
    expect(await first.lead()).toEqual({ epoch: 1, position: 0 });
    expect(await first.lead()).toEqual({ epoch: 1, position: 0 });
    expect(await second.lead()).toBeUndefined();
    await first.resign();
    expect(await second.lead()).toEqual({ epoch: 2, position: 0 });
    expect(await first.lead()).toBeUndefined();
  });

  it('refuses the work of a leader that has been succeeded, as a whole', async () => {
    const [old, successor] = [new Checkpoint(world.worker, 'test'), new Checkpoint(world.worker, 'test')];
    const before = await old.lead();
    await world.worker.transact(null, [old.advance(before?.epoch as number, 5)]);
    await world.test.sql("UPDATE checkpoints SET lease_until = now() - interval '1 second'");
    expect(await successor.lead()).toEqual({ epoch: 2, position: 5 });
    const late = world.worker.transact(null, [
      { text: "INSERT INTO checkpoints VALUES ('side effect', 0, 1, NULL, now())" },
      old.advance(before?.epoch as number, 9),
    ]);
    expect(isFenced(await late.catch((error: unknown) => error))).toBe(true);
    expect(await world.test.sql('SELECT consumer, position::int FROM checkpoints')).toEqual([
      { consumer: 'test', position: 5 },
    ]);
  });
});

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { counterStream, raise } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { Checkpoint, isFenced } from './checkpoint.js';
import { type FeedEvent } from './event.js';
import { EventFeed } from './event-feed.js';

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore([counterStream], 16);
});
afterEach(() => world.close());

const WRITERS = 16;
const EVENTS = 20_000;
const BATCH = 5;

/** Appends to its own stream, with random delays inside the transaction, some of which are rolled back. */
async function write(organizationId: string, events: number): Promise<void> {
  const client = new pg.Client({ connectionString: world.test.appUrl, options: '-c role=deskstream_app' });
  await client.connect();
  const id = randomUUID();
  for (let version = 0; version < events;) {
    await client.query('BEGIN');
    await client.query("SELECT set_config('app.org', $1, true)", [organizationId]);
    const rows = Array.from({ length: BATCH }, () => ({
      event_id: randomUUID(),
      type: 'CounterRaised',
      schema_version: 1,
      data: { by: 1 },
    }));
    await client.query('SELECT append_events($1, $2, $3, $4, $5, now())', [
      ...[organizationId, `counter-${id}`, version, JSON.stringify(rows), JSON.stringify({ actorId: id })],
    ]);
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
  await waitFor(`${count} events in the feed`, async () => {
    const page = await feed.read(position, 700);
    seen.push(...page.events);
    position = page.position;
    return seen.length >= count;
  });
  return seen;
}

describe('The feed', () => {
  it('misses nothing, repeats nothing and keeps the order of each stream, while 16 writers race and roll back', async () => {
    const organizationId = randomUUID();
    const writers = Promise.all(Array.from({ length: WRITERS }, () => write(organizationId, EVENTS / WRITERS)));
    const seen = await follow(new EventFeed(world.worker, world.codec), EVENTS);
    await writers;
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
  }, 120_000);

  it('does not wait for a transaction that has nothing to do with it', async () => {
    const idle = new pg.Client({ connectionString: world.test.ownerUrl });
    await idle.connect();
    await idle.query('BEGIN; CREATE TABLE unrelated (id int); INSERT INTO unrelated VALUES (1)');
    const context = world.context();
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
    const page = await new EventFeed(world.worker, world.codec).read(0, 10);
    expect(page.events).toHaveLength(1);
    await idle.query('ROLLBACK');
    await idle.end();
  });

  it('stops before an append that is under way, and goes on when it is over', async () => {
    const context = world.context();
    const slow = new pg.Client({ connectionString: world.test.appUrl, options: '-c role=deskstream_app' });
    await slow.connect();
    await slow.query('BEGIN');
    await slow.query("SELECT set_config('app.org', $1, true)", [context.organizationId]);
    await slow.query(`SELECT append_events($1, $2, 0, $3, '{}', now())`, [
      ...[context.organizationId, `counter-${randomUUID()}`],
      JSON.stringify([{ event_id: randomUUID(), type: 'CounterRaised', schema_version: 1, data: { by: 7 } }]),
    ]);
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
    const feed = new EventFeed(world.worker, world.codec);
    const before = await feed.read(0, 10);
    expect(before.events).toEqual([]);
    await slow.query('COMMIT');
    await slow.end();
    const after = await feed.read(before.position, 10);
    expect(after.events.map(({ data }) => data)).toEqual([{ by: 7 }, { by: 1 }]);
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

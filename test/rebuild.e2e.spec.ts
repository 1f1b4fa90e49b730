import { randomUUID } from 'node:crypto';
import { type EndUserEvent } from '#libs/end-users/end-user.rules.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { PARTITIONS } from '#libs/event-store/partitions.js';
import { STREAMS } from '#libs/resources/resources.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { connectTo } from '#libs/testing/connections.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { tableRows } from './support/table-rows.js';

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore([...STREAMS]);
});
afterEach(() => world.close());

const rows = (table: string) => tableRows(world.test.sql, table);

function created(id: string, email: string): EndUserEvent {
  const person = {
    email,
    additionalEmails: [],
    additionalPhoneNumbers: [],
    additionalExternalIds: [],
    middleNames: [],
  };
  return { type: 'EndUserCreated', data: { id, createdAt: '2026-03-14T09:26:53.589Z', person } };
}

function changed(id: string, email: string): EndUserEvent {
  return { type: 'EndUserUpdated', data: { id, changes: { email } } };
}

/** Rebuilds a table of end users, and does something after it is filled and before it takes the old one's place. */
async function rebuildAround(table: string, meanwhile: () => Promise<void>): Promise<void> {
  const reader = await connectTo(world.test.ownerUrl);
  await reader.query('BEGIN');
  // Whoever reads the old table keeps it where it is.
  await reader.query(`SELECT FROM ${table}`);
  const filled = Promise.withResolvers<true>();
  const rebuilt = rebuildTable(world.test.ownerUrl, world.codec, endUserStream, table, {
    onProgress: ({ partitions }) => {
      if (partitions === PARTITIONS) filled.resolve(true);
    },
  });
  await Promise.race([filled.promise, rebuilt]);
  await meanwhile();
  await reader.end();
  await rebuilt;
}

describe('A rebuilt table of states', () => {
  it('equals the old one for streams that are longer, and more of them, than a page', async () => {
    const [context, long, short] = [world.context(), randomUUID(), randomUUID()];
    const names = Array.from({ length: 4_500 }, (_, index) => ({ displayName: `Name ${index}` }));
    const renamed = names.map((changes) => ({ type: 'EndUserUpdated' as const, data: { id: long, changes } }));
    await world.store.append(endUserStream, short, 0, [created(short, 'a@x.example')], context);
    await world.store.append(endUserStream, long, 0, [created(long, 'b@x.example'), ...renamed], context);
    const tags = Array.from({ length: 2_100 }, () => randomUUID() as string);
    await world.store.handleAll(
      tagStream,
      context,
      tags.map((id) => ({ id, command: { type: 'CreateTag' as const, id, name: id } })),
    );
    for (const [stream, table, events] of [
      [endUserStream, 'end_users', 4_502],
      [tagStream, 'tags', 2_100],
    ] as const) {
      const before = await rows(table);
      const result = await rebuildTable(world.test.ownerUrl, world.codec, stream, table);
      expect(result.events).toBe(events);
      expect(await rows(table)).toEqual(before);
    }
  });

  it('keeps nothing of a person who was anonymized after it was filled', async () => {
    for (const table of ['end_user_addresses', 'end_users']) {
      const [context, id] = [world.context(), randomUUID()];
      await world.store.append(endUserStream, id, 0, [created(id, 'alice@x.example')], context);
      await rebuildAround(table, async () => {
        await world.store.append(endUserStream, id, 1, [{ type: 'EndUserAnonymized', data: { id } }], context);
      });
      expect(JSON.stringify(await rows(table))).not.toContain('alice');
    }
  });

  it('keeps values unique whose new owner comes before the old one releases them in the feed', async () => {
    const [context, one, other] = [world.context(), randomUUID(), randomUUID()];
    for (const id of [one, other])
      await world.store.append(endUserStream, id, 0, [created(id, `${id}@x.example`)], context);
    await rebuildAround('end_user_addresses', async () => {
      const writer = await connectTo(world.test.ownerUrl);
      await writer.query(`SELECT pg_advisory_lock_shared(position_lock(pg_sequence_last_value('event_position')))`);
      await world.store.append(endUserStream, one, 1, [changed(one, 'new@x.example')], context);
      await world.store.append(endUserStream, other, 1, [changed(other, `${one}@x.example`)], context);
      await writer.query(`
        ALTER TABLE events DISABLE TRIGGER events_are_immutable;
        UPDATE events e SET position = o.position FROM events o
          WHERE o.organization_id = e.organization_id AND o.stream <> e.stream AND o.version = 2 AND e.version = 2;
        ALTER TABLE events ENABLE TRIGGER events_are_immutable`);
      await writer.end();
    });
    const values = await world.test.sql<{ value: string }>('SELECT value FROM end_user_addresses ORDER BY value');
    expect(values.map(({ value }) => value)).toEqual(['new@x.example', `${one}@x.example`].sort());
    const indexes = await world.test.sql("SELECT FROM pg_indexes WHERE indexname = 'end_user_addresses_value'");
    expect(indexes).toHaveLength(1);
  });
});

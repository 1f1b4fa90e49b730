import { randomUUID } from 'node:crypto';
import { Database } from '#libs/database/database.js';
import { type CounterEvent, counterStream, raise, tooMuch } from '#libs/testing/counter.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { EventCodec } from './event-codec.js';
import { EventStore } from './event-store.js';
import { type DomainEvent, type ReadContext } from './event.js';
import { type Loaded } from './loaded.js';
import { type StreamDefinition } from './stream-definition.js';
import { VersionConflict } from './version-conflict.js';

let world: TestStore;
beforeAll(async () => {
  world = await createTestStore();
});
afterAll(() => world.close());

async function counterRow(organizationId: string, id: string) {
  const rows = await world.database.query<{ value: number }>(organizationId, {
    text: 'SELECT value FROM counters WHERE organization_id = $1 AND id = $2',
    values: [organizationId, id],
  });
  return rows[0]?.value;
}

describe('An append', () => {
  it('makes events and read rows visible together', async () => {
    const [context, id] = [world.context(), randomUUID()];
    await world.store.append(counterStream, id, 0, [raise(1), raise(2)], context);
    const [, last] = await world.store.read(`counter-${id}`, context.organizationId);
    const { recordedAt } = last ?? {};
    expect(await world.store.load(counterStream, id, context)).toEqual({
      state: 3,
      version: 2,
      recordedAt,
    });
    expect(await counterRow(context.organizationId, id)).toBe(3);
  });

  it('records who, when, and through which request', async () => {
    const [context, id] = [{ ...world.context(), tokenId: randomUUID(), requestId: 'r-1' }, randomUUID()];
    const before = Date.now();
    await world.store.append(counterStream, id, 0, [raise(1, 'ünï ☃')], context);
    const [event] = await world.store.read<CounterEvent>(`counter-${id}`, context.organizationId);
    const { organizationId, ...metadata } = context;
    expect(event).toMatchObject({
      organizationId,
      version: 1,
      type: 'CounterRaised',
      data: { by: 1, note: 'ünï ☃' },
      metadata,
    });
    expect(event?.recordedAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  it('at another version than expected is refused and leaves nothing', async () => {
    const [context, id] = [world.context(), randomUUID()];
    await world.store.append(counterStream, id, 0, [raise(1)], context);
    for (const version of [0, 2, 7]) {
      await expect(world.store.append(counterStream, id, version, [raise(5)], context)).rejects.toThrow(
        VersionConflict,
      );
    }
    expect(await world.store.load(counterStream, id, context)).toMatchObject({ state: 1, version: 1 });
    expect(await counterRow(context.organizationId, id)).toBe(1);
  });

  it('of the same event ids at the same version again succeeds and changes nothing', async () => {
    const [context, id] = [world.context(), randomUUID()];
    const events = [1, 2].map((by) => ({ ...raise(by), eventId: randomUUID() }));
    await world.store.append(counterStream, id, 0, events, context);
    await world.store.append(counterStream, id, 2, [raise(10)], context);
    const again = await world.store.append(counterStream, id, 0, events, context);
    expect(again.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
    expect(await counterRow(context.organizationId, id)).toBe(13);
    const others = events.map((event) => ({ ...event, eventId: randomUUID() }));
    await expect(world.store.append(counterStream, id, 0, others, context)).rejects.toThrow(VersionConflict);
  });

  it('whose projection fails leaves no event', async () => {
    const [context, id] = [world.context(), randomUUID()];
    await expect(world.store.append(counterStream, id, 0, [raise(1), raise(-5)], context)).rejects.toMatchObject({
      code: '23514',
    });
    expect(await world.store.read(`counter-${id}`, context.organizationId)).toEqual([]);
    expect(await counterRow(context.organizationId, id)).toBeUndefined();
  });

  it('in a race is won by one', async () => {
    const [context, id] = [world.context(), randomUUID()];
    const race = Array.from({ length: 20 }, () => world.store.append(counterStream, id, 0, [raise(1)], context));
    const results = await Promise.allSettled(race);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(
      results.filter((result) => result.status === 'rejected' && !(result.reason instanceof VersionConflict)),
    ).toEqual([]);
    expect(await counterRow(context.organizationId, id)).toBe(1);
  });

  it('announces itself once it is committed', async () => {
    let announced = 0;
    const store = new EventStore(world.database, world.codec, () => announced++);
    const [context, id] = [world.context(), randomUUID()];
    await store.append(counterStream, id, 0, [raise(1)], context);
    await expect(store.append(counterStream, id, 0, [raise(1)], context)).rejects.toThrow(VersionConflict);
    expect(announced).toBe(1);
  });
});

describe('Many streams', () => {
  it('are loaded in the order in which they are asked for', async () => {
    const [context, ids] = [world.context(), [randomUUID(), randomUUID(), randomUUID()]];
    const load = (asked: string[]) => world.store.loadAll(counterStream, asked, context);
    await world.store.append(counterStream, ids[0] as string, 0, [raise(1), raise(2)], context);
    await world.store.append(counterStream, ids[2] as string, 0, [raise(5)], context);
    expect(await load(ids)).toMatchObject([
      { state: 3, version: 2 },
      { state: 0, version: 0 },
      { state: 5, version: 1 },
    ]);
    expect(await load(ids.slice(2))).toMatchObject([{ state: 5, version: 1 }]);
    expect(await load([])).toEqual([]);
    const stranger = world.context();
    expect(await world.store.loadAll(counterStream, ids.slice(0, 2), stranger)).toMatchObject([
      { version: 0 },
      { version: 0 },
    ]);
  });
});

describe('Load, decide, append', () => {
  it('decides anew on what others left, so that no change is lost', async () => {
    const [context, id] = [world.context(), randomUUID()];
    const raiseOnce = () => world.store.handle(counterStream, id, context, { type: 'Raise', by: 1, upTo: 4 });
    await Promise.all(Array.from({ length: 8 }, raiseOnce));
    expect(await world.store.load(counterStream, id, context)).toMatchObject({ state: 4, version: 4 });
  });

  it('appends nothing when there is nothing to change', async () => {
    const [context, id] = [world.context(), randomUUID()];
    const executed = await world.store.handle(counterStream, id, context, { type: 'Raise', by: 1, upTo: 0 });
    expect(executed).toEqual({ state: 0, version: 0, events: [] });
  });

  it('throws the error that was decided', async () => {
    const execution = world.store.handle(counterStream, randomUUID(), world.context(), { type: 'Raise', by: 1_001 });
    await expect(execution).rejects.toBe(tooMuch);
  });

  it('gives up with a conflict when others keep being first', async () => {
    const [context, id] = [world.context(), randomUUID()];
    const store = new OvertakenStore(world.database, world.codec);
    const execution = store.handle(counterStream, id, context, { type: 'Raise', by: 100 });
    await expect(execution).rejects.toMatchObject({ kind: 'conflict' });
    expect(await world.store.load(counterStream, id, context)).toMatchObject({ state: 8, version: 8 });
  });
});

/** Another writer appends between each load and append of this store. */
class OvertakenStore extends EventStore {
  override async load<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: ReadContext,
  ): Promise<Loaded<State>> {
    const loaded = await super.load(definition, id, context);
    const { organizationId } = context;
    await world.store.append(counterStream, id, loaded.version, [raise(1)], { ...world.context(), organizationId });
    return loaded;
  }
}

describe('Events', () => {
  it('cannot be changed or deleted, not even by their owner', async () => {
    const [context, id] = [world.context(), randomUUID()];
    await world.store.append(counterStream, id, 0, [raise(1)], context);
    for (const statement of ["UPDATE events SET type = 'x'", 'DELETE FROM events', 'TRUNCATE events']) {
      await expect(world.test.sql(statement)).rejects.toMatchObject({ code: 'DS003' });
      for (const database of [world.database, world.worker]) {
        await expect(database.query(context.organizationId, { text: statement })).rejects.toMatchObject({
          code: '42501',
        });
      }
    }
    expect((await world.store.read(`counter-${id}`, context.organizationId)).length).toBe(1);
  });

  it('of older schema versions are read in the newest shape, and their rows stay', async () => {
    const [context, id] = [world.context(), randomUUID()];
    await world.store.append(counterStream, id, 0, [raise(2)], context);
    type Newest = { type: 'CounterRaised'; data: { amount: number; unit: string } };
    const newest: StreamDefinition<number, Newest> = {
      category: 'counter',
      types: { CounterRaised: true },
      initialState: 0,
      shape: 2,
      decide: () => [],
      evolve: (sum, event) => sum + event.data.amount,
      upcasters: {
        CounterRaised: [
          ({ by }: { by: number }) => ({ amount: by }),
          (older: { amount: number }) => ({ ...older, unit: 'piece' }),
        ],
      },
    };
    const store = new EventStore(world.database, new EventCodec([newest], world.cipher));
    await store.append(newest, id, 1, [{ type: 'CounterRaised', data: { amount: 3, unit: 'dozen' } }], context);
    const events = await store.read<Newest>(`counter-${id}`, context.organizationId);
    expect(events.map(({ data }) => data)).toEqual([
      { amount: 2, unit: 'piece' },
      { amount: 3, unit: 'dozen' },
    ]);
    expect(
      await world.test.sql('SELECT schema_version, data FROM events WHERE stream = $1 ORDER BY version', [
        `counter-${id}`,
      ]),
    ).toEqual([
      { schema_version: 1, data: { by: 2 } },
      { schema_version: 3, data: { amount: 3, unit: 'dozen' } },
    ]);
  });

  it('keep secret fields encrypted, each bound to its place', async () => {
    const secretive = { ...counterStream, secrets: { CounterRaised: ['note'] } } as const;
    const store = new EventStore(world.database, new EventCodec([secretive], world.cipher));
    const [context, id, other] = [world.context(), randomUUID(), randomUUID()];
    const [recorded] = await store.append(secretive, id, 0, [raise(1, 'hunter2')], context);
    expect(recorded?.data).toEqual({ by: 1, note: 'hunter2' });
    const [event] = await store.read<CounterEvent>(`counter-${id}`, context.organizationId);
    expect(event?.data).toEqual({ by: 1, note: 'hunter2' });
    const [row] = await world.test.sql<{ data: { note: string } }>('SELECT data FROM events WHERE stream = $1', [
      `counter-${id}`,
    ]);
    expect(row?.data.note).toMatch(/^v1\./);
    expect(event?.sealed).toEqual({ note: row?.data.note });
    await world.test.sql(
      `INSERT INTO events SELECT organization_id, $2, version, position, event_id, type, schema_version, data, metadata, recorded_at
       FROM events WHERE stream = $1`,
      [`counter-${id}`, `counter-${other}`],
    );
    await expect(store.read(`counter-${other}`, context.organizationId)).rejects.toThrow();
  });
});

describe('Row-level security', () => {
  it('shows an organization its own rows alone, also to statements that forget to ask for it', async () => {
    const [mine, theirs, id] = [world.context(), world.context(), randomUUID()];
    await world.store.append(counterStream, id, 0, [raise(1)], mine);
    for (const table of ['events', 'counters']) {
      const seen = (organizationId: string | null) =>
        world.database.query(organizationId, { text: `SELECT * FROM ${table}` });
      expect(await seen(mine.organizationId)).toHaveLength(1);
      expect(await seen(theirs.organizationId)).toEqual([]);
      expect(await seen(null)).toEqual([]);
    }
  });

  it('lets no one write for another organization', async () => {
    const [mine, theirs] = [world.context(), world.context()];
    const statement = {
      text: 'INSERT INTO counters (organization_id, id, value) VALUES ($1, $2, 1)',
      values: [theirs.organizationId, randomUUID()],
    };
    await expect(world.database.query(mine.organizationId, statement)).rejects.toMatchObject({ code: '42501' });
    await expect(world.database.query(null, statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('holds for every table with an organization, and no role of the application can bypass it', async () => {
    const unprotected = await world.test.sql(
      `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
       WHERE c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
    );
    expect(unprotected).toEqual([]);
    const login = new URL(world.test.appUrl).username;
    const powerful = await world.test.sql(
      `SELECT rolname FROM pg_roles WHERE rolname IN ('deskstream_app', 'deskstream_worker', $1)
       AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
         OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid))`,
      [login],
    );
    expect(powerful).toEqual([]);
  });

  it('does not carry one request over to the next on the same connection', async () => {
    const single = await Database.open({ url: world.test.appUrl, role: 'deskstream_app', poolSize: 1 });
    const context = world.context();
    await world.store.append(counterStream, randomUUID(), 0, [raise(1)], context);
    const count = { text: 'SELECT * FROM events' };
    expect(await single.query(context.organizationId, count)).toHaveLength(1);
    expect(await single.query(null, count)).toEqual([]);
    await expect(single.query(context.organizationId, { text: 'SELECT 1/0' })).rejects.toMatchObject({ code: '22012' });
    expect(await single.query(null, count)).toEqual([]);
    await single.close();
  });
});

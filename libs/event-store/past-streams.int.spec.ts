import { randomUUID } from 'node:crypto';
import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type CounterEvent, counterStream, raise } from '#libs/testing/counter.js';
import { rowsReadInVain } from '#libs/testing/removed-rows.js';
import { createTestStore, type TestStore } from '#libs/testing/test-store.js';
import { PastStreams } from './past-streams.js';
import { staged } from './staged.js';
import { type StreamDefinition } from './stream-definition.js';
import { StreamStates } from './stream-states.js';

/** A category whose name begins with that of the other. */
const neighborStream: StreamDefinition<number, CounterEvent> = {
  ...counterStream,
  category: 'counterNeighbor',
  projections: [],
};

let world: TestStore;
let past: PastStreams;
beforeAll(async () => {
  world = await createTestStore([counterStream, neighborStream]);
  past = new PastStreams(world.database, world.codec);
});
afterAll(() => world.close());

const ago = (ms: number) => new Date(Date.now() - ms);

describe('The past', () => {
  it('of a stream is its initial state until it begins', async () => {
    const [context, id] = [world.context(), randomUUID()];
    const [event] = await world.store.append(counterStream, id, 0, [raise(3)], context);
    const recordedAt = event?.recordedAt as Date;
    const load = (asOf: Date) => past.load(counterStream, id, context.organizationId, asOf);
    expect(await load(new Date(recordedAt.getTime() - 1))).toEqual({ state: 0, version: 0 });
    expect(await load(recordedAt)).toMatchObject({ state: 3, version: 1, recordedAt });
    const stranger = world.context().organizationId;
    expect(await past.load(counterStream, id, stranger, recordedAt)).toEqual({ state: 0, version: 0 });
  });

  it('of a stream is folded from its nearest snapshot, without a look at the events before it', async () => {
    const [context, ids] = [world.context(), [randomUUID(), randomUUID(), randomUUID()]];
    const { organizationId } = context;
    const events = Array.from({ length: 300 }, () => raise(1));
    for (const id of ids) await world.store.append(counterStream, id, 0, events, context);
    await world.test.sql('ANALYZE events');
    const statements: Statement[] = [];
    const asked = { query: (_: unknown, statement: Statement) => Promise.resolve((statements.push(statement), [])) };
    const wanted = { definition: counterStream, organizationId, stream: `counter-${ids[1]}` };
    await new StreamStates(asked, world.codec).fold(organizationId, [wanted]);
    const [statement] = statements as [Statement];
    expect(await world.database.query(organizationId, statement)).toHaveLength(1);
    expect(await rowsReadInVain(world.database, organizationId, statement)).toBe(0);
  });

  it('of a category is that of its own streams alone, in the organization alone', async () => {
    const [context, stranger] = [world.context(), world.context()];
    const ids = [randomUUID(), randomUUID()].sort();
    for (const [index, id] of ids.entries()) {
      await world.store.append(counterStream, id, 0, [raise(1), raise(index)], context);
      await world.store.append(neighborStream, id, 0, [raise(100)], context);
      await world.store.append(counterStream, id, 0, [raise(1000)], stranger);
    }
    const streams = await past.loadAll(counterStream, context.organizationId, new Date());
    expect(streams.map(({ state }) => state)).toEqual([1, 2]);
    expect(await past.loadAll(counterStream, context.organizationId, ago(3_600_000))).toEqual([]);
  });

  it('of a category is that of all its events, however many, a thousand at a time', async () => {
    const context = world.context();
    const ids = [randomUUID(), randomUUID(), randomUUID()].sort();
    for (const [index, length] of [700, 2_600, 5].entries()) {
      const events = Array.from({ length }, () => raise(1));
      await world.store.append(counterStream, ids[index] as string, 0, events, context);
    }
    await world.test.sql('TRUNCATE snapshots');
    const answers: number[] = [];
    const counted = Object.assign(Object.create(world.database) as Database, {
      query: async (organizationId: string, statement: Statement) => {
        const rows = await world.database.query(organizationId, statement);
        answers.push(rows.length);
        return rows;
      },
    });
    const streams = await new PastStreams(counted, world.codec).loadAll(
      counterStream,
      context.organizationId,
      new Date(),
    );
    expect(streams.map(({ state }) => state)).toEqual([700, 2_600, 5]);
    expect(answers).toEqual([3, 1_000, 1_000, 1_000, 305]);
  });

  it('has one instant for all that was committed together', async () => {
    const context = world.context();
    const changes = Array.from({ length: 2_000 }, () =>
      staged(counterStream, randomUUID(), { state: 0, version: 0 }, [raise(1)]),
    );
    const events = await world.store.commit(changes, context);
    expect(new Set(events.map(({ recordedAt }) => recordedAt.getTime())).size).toBe(1);
    expect(await past.loadAll(counterStream, context.organizationId, events[0]?.recordedAt as Date)).toHaveLength(
      2_000,
    );
  });
});

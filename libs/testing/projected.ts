import { type DomainEvent } from '#libs/event-store/event.js';
import { type AnyStreamDefinition, type StreamDefinition, tablesOf } from '#libs/event-store/stream-definition.js';
import { createTestStore, type TestStore } from './test-store.js';

/** Past events of an entity, and the rows that its read tables have after them, with the columns that matter. */
export interface History<Event extends DomainEvent = DomainEvent> {
  given: Event[];
  /** Rows by table. A table that is not named has none. */
  then: Record<string, object[]>;
}

/** Histories of one kind of stream, by what the entity is in the end. */
export interface Samples {
  stream: AnyStreamDefinition;
  /** The entity's id, as in the events. */
  id: string;
  histories: Record<string, History>;
}

/** Histories of a stream. Together they have every event type. */
export function samplesOf<State, Event extends DomainEvent, Command>(
  stream: StreamDefinition<State, Event, Command>,
  id: string,
  histories: Record<string, History<NoInfer<Event>>>,
): Samples {
  return { stream, id, histories };
}

/** Appends a history to a new organization, event by event. Returns the organization's id. */
export async function append(
  { store, context }: Pick<TestStore, 'store' | 'context'>,
  { stream, id }: Samples,
  { given }: History,
): Promise<string> {
  const writer = context();
  for (const [version, event] of given.entries()) {
    await store.append(stream as StreamDefinition<unknown, DomainEvent>, id, version, [event], writer);
  }
  return writer.organizationId;
}

/** Tests the projections of a stream: given these events, then its read tables have these rows. */
export function describeProjections(samples: Samples): void {
  const { stream, histories } = samples;

  describe(`The read tables of the stream ${stream.category}`, () => {
    let world: TestStore;
    beforeAll(async () => {
      world = await createTestStore([stream]);
    });
    afterAll(() => world.close());

    it.each(Object.entries(histories))('show %s', async (_name, history) => {
      const organizationId = await append(world, samples, history);
      for (const table of tablesOf(stream)) {
        const rows = await world.test.sql(
          `SELECT to_jsonb(t) AS row FROM ${table} t WHERE organization_id = $1 ORDER BY t::text`,
          [organizationId],
        );
        const expected = (history.then[table] ?? []).map((row) => ({ row: expect.objectContaining(row) as unknown }));
        expect({ table, rows }).toEqual({ table, rows: expected });
      }
    });

    it('are shown for every type of event', () => {
      const given = Object.values(histories).flatMap((history) => history.given.map(({ type }) => type));
      expect(Object.keys(stream.types).filter((type) => !given.includes(type))).toEqual([]);
    });
  });
}

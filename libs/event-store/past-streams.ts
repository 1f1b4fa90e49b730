import { type Database } from '#libs/platform/database.js';
import { type DomainEvent, type RecordedOf } from './event.js';
import { type EventCodec, type EventRow, SEALED_KEY } from './event-codec.js';
import { type StreamDefinition, streamName } from './stream-definition.js';

/** What a stream was at an instant: its state, and the events that it had by then, oldest first. */
export interface Past<State, Event extends DomainEvent> {
  state: State;
  events: RecordedOf<Event>[];
}

/**
 * Streams as they were at an instant. The clocks of two processes may differ, and so a version may be recorded before
 * the one that precedes it: what counts is the last version that was recorded by then, with all before it.
 */
export class PastStreams {
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {}

  /** One stream; in its initial state when it had not begun by then. One round trip. */
  async load<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    organizationId: string,
    asOf: Date,
  ): Promise<Past<State, Event>> {
    const rows = await this.database.query<EventRow>(organizationId, {
      text: knownBy('stream = $3'),
      values: [organizationId, asOf, streamName(definition, id)],
    });
    return this.#folded(definition, rows);
  }

  /** All streams of a category that had begun by then, those that had ended, too. One round trip. */
  async loadAll<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    asOf: Date,
  ): Promise<Past<State, Event>[]> {
    // Spelt out, for a prepared statement could not make a range of the index out of a parameter.
    const rows = await this.database.query<EventRow>(organizationId, {
      text: knownBy(`stream ^@ '${streamName(definition, '')}'`),
      values: [organizationId, asOf],
    });
    const streams = Map.groupBy(rows, ({ stream }) => stream);
    return [...streams.values()].map((stream) => this.#folded(definition, stream));
  }

  #folded<State, Event extends DomainEvent>(
    { initialState, evolve }: StreamDefinition<State, Event>,
    rows: EventRow[],
  ): Past<State, Event> {
    const events = rows.map((row) => this.codec.decode(row) as unknown as RecordedOf<Event>);
    return { state: events.reduce((state, event) => evolve(state, event as unknown as Event), initialState), events };
  }
}

/** What an entity shows as `createdAt` was read from the clock some milliseconds earlier once. */
const KNOWN_FROM = `least(recorded_at, CASE WHEN version = 1 THEN (data ->> 'createdAt')::timestamptz END)`;

/** Events of the organization `$1` that were known at `$2`. @param streams a condition for their streams */
function knownBy(streams: string): string {
  return `SELECT e.*, ${SEALED_KEY} AS sealed_key FROM (
      SELECT *, max(version) FILTER (WHERE ${KNOWN_FROM} <= $2) OVER (PARTITION BY stream) AS newest
      FROM events WHERE organization_id = $1 AND ${streams}
    ) AS e WHERE version <= newest ORDER BY stream, version`;
}

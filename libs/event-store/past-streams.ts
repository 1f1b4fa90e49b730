import { type Database } from '#libs/platform/database.js';
import { type DomainEvent, type RecordedOf } from './event.js';
import { type EventCodec, type EventRow, SEALED_KEY } from './event-codec.js';
import { type AnyStreamDefinition, type StreamDefinition, streamName } from './stream-definition.js';

/** What an entity shows as `createdAt` was read from the clock some milliseconds earlier once. */
const KNOWN_FROM = `least(recorded_at, CASE WHEN version = 1 THEN (data ->> 'createdAt')::timestamptz END)`;

/** What a stream was at an instant: its state, and the events that it had by then, oldest first. */
export interface Past<State, Event extends DomainEvent> {
  state: State;
  events: RecordedOf<Event>[];
}

/** What one of many streams was at an instant. */
export interface Begun<State> {
  state: State;
  /** When its first event was recorded. */
  begunAt: Date;
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
      text: KNOWN_BY,
      values: [organizationId, asOf, streamName(definition, id)],
    });
    return this.#folded(definition, rows);
  }

  /**
   * All streams of a category that had begun by then, those that had ended, too. A round trip for every
   * thousand events, and one: no more of them are in memory at once.
   */
  async loadAll<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    asOf: Date,
  ): Promise<Begun<State>[]> {
    const begun = new Map<string, Begun<State>>();
    for (const pieces of inPages(await this.#knownStreams(definition, organizationId, asOf))) {
      const values = [organizationId, ...columnsOf(pieces)];
      for (const row of await this.database.query<EventRow>(organizationId, { text: SELECT_PIECES, values })) {
        const known = begun.get(row.stream) ?? { state: definition.initialState, begunAt: row.recorded_at };
        known.state = definition.evolve(known.state, this.codec.decode(row) as unknown as Event);
        begun.set(row.stream, known);
      }
    }
    return [...begun.values()];
  }

  #knownStreams(definition: AnyStreamDefinition, organizationId: string, asOf: Date): Promise<KnownStream[]> {
    // Spelt out, for a prepared statement could not make a range of the index out of a parameter.
    return this.database.query<KnownStream>(organizationId, {
      text: `SELECT stream, max(version) AS newest FROM events
             WHERE organization_id = $1 AND stream ^@ '${streamName(definition, '')}' AND ${KNOWN_FROM} <= $2
             GROUP BY stream ORDER BY stream`,
      values: [organizationId, asOf],
    });
  }

  #folded<State, Event extends DomainEvent>(
    { initialState, evolve }: StreamDefinition<State, Event>,
    rows: EventRow[],
  ): Past<State, Event> {
    const events = rows.map((row) => this.codec.decode(row) as unknown as RecordedOf<Event>);
    return { state: events.reduce((state, event) => evolve(state, event as unknown as Event), initialState), events };
  }
}

/** Events that are in memory at once while many streams are folded. */
const PAGE = 1_000;

/** The last version of a stream that was recorded by then: versions have no gaps, so it had as many events. */
interface KnownStream {
  stream: string;
  newest: number;
}

/** Some events of a stream: from the version `first` to `last`. */
interface Piece {
  stream: string;
  first: number;
  last: number;
}

/** Streams in pages of so many events, each stream's from its first event on. */
function* inPages(streams: KnownStream[]): Generator<Piece[]> {
  let [page, room]: [Piece[], number] = [[], PAGE];
  for (const { stream, newest } of streams) {
    for (let first = 1; first <= newest;) {
      const last = Math.min(newest, first + room - 1);
      page.push({ stream, first, last });
      room -= last - first + 1;
      first = last + 1;
      if (room > 0) continue;
      yield page;
      [page, room] = [[], PAGE];
    }
  }
  if (page.length > 0) yield page;
}

function columnsOf(pieces: Piece[]) {
  return [pieces.map(({ stream }) => stream), pieces.map(({ first }) => first), pieces.map(({ last }) => last)];
}

const SELECT_PIECES = `SELECT e.*, ${SEALED_KEY} AS sealed_key
  FROM unnest($2::text[], $3::int[], $4::int[]) AS piece (stream, first, last)
  JOIN events e ON e.organization_id = $1 AND e.stream = piece.stream AND e.version BETWEEN piece.first AND piece.last
  ORDER BY e.stream, e.version`;

/** One stream's events `$3` of the organization `$1` that were known at `$2`. */
const KNOWN_BY = `SELECT e.*, ${SEALED_KEY} AS sealed_key FROM events e
  WHERE organization_id = $1 AND stream = $3 AND version <= (
    SELECT max(version) FROM events WHERE organization_id = $1 AND stream = $3 AND ${KNOWN_FROM} <= $2)
  ORDER BY version`;

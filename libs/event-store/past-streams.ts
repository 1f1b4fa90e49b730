import { type Database } from '#libs/database/database.js';
import { turns } from '#libs/platform/turns.js';
import { type EventCodec, type EventRow, SEALED_KEY } from './event-codec.js';
import { type DomainEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition, type StreamDefinition, streamName } from './stream-definition.js';
import { after, StreamStates } from './stream-states.js';

/**
 * Streams as they were at an instant. The clocks of two processes may differ, and so a version may be recorded before
 * the one that precedes it: what counts is the last version that was recorded by then, with all before it.
 */
export class PastStreams {
  readonly #states: StreamStates;

  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {
    this.#states = new StreamStates(database, codec);
  }

  /** One stream; at version 0 and in its initial state when it had not begun by then. Two round trips. */
  async load<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    organizationId: string,
    asOf: Date,
  ): Promise<Loaded<State>> {
    const stream = streamName(definition, id);
    const [known] = await this.database.query<{ version: number }>(organizationId, {
      text: 'SELECT version_known_by($1, $2, $3) AS version',
      values: [organizationId, stream, asOf],
    });
    if (!known?.version) return { state: definition.initialState, version: 0 };
    const wanted = { definition, organizationId, stream, through: known.version };
    const [loaded] = await this.#states.fold(organizationId, [wanted]);
    return loaded as Loaded<State>;
  }

  /**
   * All streams of a category that had begun by then, those that had ended, too. A round trip for every
   * thousand events, and one: no more of them are in memory at once. Organizations take turns with each thousand.
   */
  async loadAll<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    asOf: Date,
  ): Promise<Loaded<State>[]> {
    const known = await this.#knownStreams(definition, organizationId, asOf);
    const begun = new Map(
      known.map((stream) => [stream.stream, this.#begun<State>(definition, organizationId, stream)]),
    );
    for (const pieces of inPages(known)) {
      const values = [organizationId, ...columnsOf(pieces)];
      const rows = await this.database.query<EventRow>(organizationId, { text: SELECT_PIECES, values });
      await turns.next(organizationId);
      for (const row of rows) {
        const before = begun.get(row.stream) as Loaded<State>;
        begun.set(row.stream, after(definition, before, this.codec.decode(row)));
      }
    }
    return [...begun.values()];
  }

  /** What a stream was at its snapshot, if it has one: the rest is folded upon that. */
  #begun<State>(definition: AnyStreamDefinition, organizationId: string, known: KnownStream): Loaded<State> {
    const { stream, base_version: version, base_state, base_at, sealed_key } = known;
    const state =
      base_state === null
        ? (definition.initialState as State)
        : (this.codec.openState({ organizationId, stream, version }, base_state, sealed_key ?? undefined) as State);
    return { state, version, recordedAt: base_at ?? undefined };
  }

  #knownStreams(definition: AnyStreamDefinition, organizationId: string, asOf: Date): Promise<KnownStream[]> {
    // Spelt out, for a prepared statement could not make a range of the index out of a parameter.
    const prefix = `stream ^@ '${streamName(definition, '')}'`;
    return this.database.query<KnownStream>(organizationId, {
      text: `
        WITH RECURSIVE names(stream) AS (
          (SELECT stream FROM events WHERE organization_id = $1 AND ${prefix} ORDER BY stream LIMIT 1)
          UNION ALL
          SELECT (SELECT stream FROM events e WHERE organization_id = $1 AND ${prefix} AND e.stream > n.stream
                  ORDER BY stream LIMIT 1)
          FROM names n WHERE n.stream IS NOT NULL
        ), known AS MATERIALIZED (
          SELECT stream, version_known_by($1, stream, $2) AS newest FROM names WHERE stream IS NOT NULL
        )
        SELECT known.stream, newest, coalesce(s.version, 0) AS base_version, s.state AS base_state,
          s.recorded_at AS base_at, k.sealed_key
        FROM known LEFT JOIN stream_keys k ON k.organization_id = $1 AND k.stream = known.stream
        LEFT JOIN LATERAL (
          SELECT version, state, recorded_at FROM snapshots s
          WHERE s.organization_id = $1 AND s.stream = known.stream AND s.version <= newest AND s.shape = $3
            AND (NOT $4 OR k.sealed_key IS NOT NULL)
          ORDER BY version DESC LIMIT 1) s ON true
        WHERE newest > 0 ORDER BY known.stream`,
      values: [organizationId, asOf, definition.shape, definition.personal !== undefined],
    });
  }
}

/** Events that are in memory at once while many streams are folded. */
const PAGE = 1_000;

/** A stream that had begun by then, and its last snapshot of before then: version 0 is none. */
interface KnownStream {
  stream: string;
  /** The last version that was recorded by then: versions have no gaps, so it had as many events. */
  newest: number;
  base_version: number;
  base_state: string | null;
  base_at: Date | null;
  sealed_key: string | null;
}

/** Some events of a stream: from the version `first` to `last`. */
interface Piece {
  stream: string;
  first: number;
  last: number;
}

/** Streams in pages of so many events, each stream's from its snapshot on. */
function* inPages(streams: KnownStream[]): Generator<Piece[]> {
  let [page, room]: [Piece[], number] = [[], PAGE];
  for (const { stream, newest, base_version } of streams) {
    for (let first = base_version + 1; first <= newest;) {
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

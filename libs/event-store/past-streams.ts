import { type Database } from '#libs/database/database.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { timeSlices } from '#libs/platform/time-slices.js';
import { type EventCodec, type EventRow, SEALED_KEY } from './event-codec.js';
import { type DomainEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition, type StreamDefinition, streamName } from './stream-definition.js';
import { after, StreamStates } from './stream-states.js';

/**
 * Streams as they were at an instant. The clocks of two processes may differ, so a version may be recorded before the
 * one that precedes it. The last version recorded by then counts, with all before it.
 */
export class PastStreams {
  readonly #states: StreamStates;

  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {
    this.#states = new StreamStates(database, codec);
  }

  /** Returns one stream; at version 0 in its initial state if it had not begun by then. Two round trips. */
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
   * Returns an entity as it was at an instant.
   * @param entity its name in the error message
   * @throws {DomainError} `not-found`; the message says whether the entity was deleted, or when it was created later
   */
  async existing<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    entity: string,
    id: string,
    organizationId: string,
    asOf: Date,
  ): Promise<Loaded<NonNullable<State>>> {
    const loaded = await this.load(definition, id, organizationId, asOf);
    if (loaded.state === undefined || loaded.state === null) {
      throw (
        (await this.#absent(streamName(definition, id), `${entity} ${id}`, organizationId, asOf, loaded.version > 0)) ??
        notFound(entity, id)
      );
    }
    return loaded as Loaded<NonNullable<State>>;
  }

  async #absent(
    stream: string,
    entity: string,
    organizationId: string,
    asOf: Date,
    wasDeleted: boolean,
  ): Promise<DomainError | undefined> {
    const then = asOf.toISOString();
    if (wasDeleted) return new DomainError('not-found', `${entity} no longer existed at ${then}`);
    const [first] = await this.database.query<{ recorded_at: Date }>(organizationId, {
      text: 'SELECT recorded_at FROM events WHERE organization_id = $1 AND stream = $2 AND version = 1',
      values: [organizationId, stream],
    });
    if (!first) return undefined;
    const created = `it was created at ${first.recorded_at.toISOString()}`;
    return new DomainError('not-found', `${entity} did not exist at ${then}; ${created}`);
  }

  /**
   * Returns all streams of a category that had begun by then, also those that had ended. Takes one round trip per
   * thousand events and one more, and keeps no more of them in memory. Organizations take turns after each thousand.
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
      await timeSlices.next(organizationId);
      for (const row of rows) {
        const before = begun.get(row.stream) as Loaded<State>;
        begun.set(row.stream, after(definition, before, this.codec.decode(row)));
      }
    }
    return [...begun.values()];
  }

  /** Returns a stream at its snapshot, if any; later events are folded onto that. */
  #begun<State>(definition: AnyStreamDefinition, organizationId: string, known: KnownStream): Loaded<State> {
    const { stream, base_version: version, base_state, base_at, sealed_key } = known;
    const state =
      base_state === null
        ? (definition.initialState as State)
        : (this.codec.openState({ organizationId, stream, version }, base_state, sealed_key ?? undefined) as State);
    return { state, version, recordedAt: base_at ?? undefined };
  }

  #knownStreams(definition: AnyStreamDefinition, organizationId: string, asOf: Date): Promise<KnownStream[]> {
    // A literal, because a prepared statement cannot make an index range from a parameter.
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

/** Maximum number of events in memory while many streams are folded. */
const PAGE = 1_000;

/** A stream that had begun by then, and its last snapshot before then; version 0 means none. */
interface KnownStream {
  stream: string;
  /** The last version recorded by then, which is also the number of events: versions have no gaps. */
  newest: number;
  base_version: number;
  base_state: string | null;
  base_at: Date | null;
  sealed_key: string | null;
}

/** A range of a stream's events: from the version `first` to `last`. */
interface Piece {
  stream: string;
  first: number;
  last: number;
}

/** Splits streams into pages of {@link PAGE} events, each stream from its snapshot on. */
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

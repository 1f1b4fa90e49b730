import { type Statement } from '#libs/database/batch.js';
import { type EventCodec, type EventRow } from './event-codec.js';
import { type RecordedEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition } from './stream-definition.js';

/** A request for a stream's state. */
export interface Wanted {
  definition: AnyStreamDefinition;
  organizationId: string;
  stream: string;
  /** The last version to fold; all unless given. */
  through?: number;
  /** The first version whose previous state is needed as well; if absent, only the last state is. */
  from?: number;
}

/** Runs queries, as a `Database` does. */
interface Asked {
  query<Row>(organizationId: string | null, statement: Statement): Promise<Row[]>;
}

/** The rest to fold of a stream: the state at its nearest snapshot, and the events after that. */
export interface Stretch {
  base: Loaded<unknown>;
  events: RecordedEvent[];
}

/** A version above that of any stream. */
const ALL = 2_147_483_647;

/** Folds streams from their events, each from its nearest snapshot on: see {@link snapshotsOf}. */
export class StreamStates {
  constructor(
    private readonly database: Asked,
    private readonly codec: EventCodec,
  ) {}

  /**
   * Returns the state of each stream; version 0 if it does not exist. One round trip.
   * @param organizationId the scope to read in; `null` for all, as the worker
   */
  async fold(organizationId: string | null, wanted: Wanted[]): Promise<Loaded<unknown>[]> {
    const stretches = await this.stretches(organizationId, wanted);
    return stretches.map(({ base, events }, index) => {
      const { definition } = wanted[index] as Wanted;
      return events.reduce((before, event) => after(definition, before, event), base);
    });
  }

  /** Returns what to fold for each stream, in the requested order. One round trip. */
  async stretches(organizationId: string | null, wanted: Wanted[]): Promise<Stretch[]> {
    if (wanted.length === 0) return [];
    const rows = await this.database.query<StretchRow>(organizationId, {
      text: SELECT_STRETCHES,
      values: [
        wanted.map((one) => one.organizationId),
        wanted.map(({ stream }) => stream),
        wanted.map(({ from, through = ALL }) => (from === undefined ? through : from - 1)),
        wanted.map(({ through = ALL }) => through),
        wanted.map(({ definition }) => definition.shape),
        wanted.map(({ definition }) => definition.personal !== undefined),
      ],
    });
    const byPlace = Map.groupBy(rows, ({ place }) => place - 1);
    return wanted.map((one, place) => this.#stretch(one, byPlace.get(place) ?? []));
  }

  #stretch({ definition, organizationId, stream }: Wanted, rows: StretchRow[]): Stretch {
    const [first] = rows;
    const sealedKey = first?.sealed_key ?? undefined;
    const events = rows.filter(({ event_id }) => event_id !== null).map((row) => this.codec.decode(row as EventRow));
    const state =
      first?.base_state == null
        ? (definition.initialState as unknown)
        : this.codec.openState(
            { organizationId, stream, version: first.base_version ?? 0 },
            first.base_state,
            sealedKey,
          );
    const recordedAt = first?.base_at ?? undefined;
    return { base: { state, version: first?.base_version ?? 0, recordedAt, sealedKey }, events };
  }
}

/** Returns a stream after one more event. */
export function after<State>(
  { evolve }: AnyStreamDefinition,
  { state, sealedKey }: Loaded<State>,
  event: RecordedEvent,
): Loaded<State> {
  const { version, recordedAt } = event;
  const next = evolve(state, event, event) as State;
  return { state: next, version, recordedAt, sealedKey };
}

interface StretchRow extends Omit<EventRow, 'event_id'> {
  event_id: string | null;
  place: number;
  base_version: number | null;
  base_at: Date | null;
  /** Set in the first row of a stream. */
  base_state: string | null;
}

/**
 * One statement, because a snapshot and the events after it must be of one instant. The start is a column: row-level
 * security keeps conditions with `coalesce` from the index, and all events of the stream would be read.
 */
const SELECT_STRETCHES = `
  WITH base AS MATERIALIZED (
    SELECT w.*, s.version AS base_version, coalesce(s.version, 0) AS begins, s.recorded_at AS base_at, s.state AS base_state, k.sealed_key
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::boolean[]) WITH ORDINALITY
      AS w(organization_id, stream, before, last, shape, keyed, place)
    LEFT JOIN stream_keys k ON k.organization_id = w.organization_id AND k.stream = w.stream
    LEFT JOIN LATERAL (
      SELECT version, recorded_at, state FROM snapshots s
      WHERE s.organization_id = w.organization_id AND s.stream = w.stream AND s.version <= w.before AND s.shape = w.shape
        AND (NOT w.keyed OR k.sealed_key IS NOT NULL)
      ORDER BY version DESC LIMIT 1) s ON true
  )
  SELECT b.organization_id, b.stream, b.place, b.base_version, b.base_at, b.sealed_key,
    CASE WHEN e.version IS NULL OR e.version = b.begins + 1 THEN b.base_state END AS base_state,
    e.version, e.position, e.event_id, e.type, e.schema_version, e.data, e.metadata, e.recorded_at
  FROM base b LEFT JOIN events e ON e.organization_id = b.organization_id AND e.stream = b.stream
    AND e.version > b.begins AND e.version <= b.last
  WHERE b.base_version IS NOT NULL OR e.version IS NOT NULL
  ORDER BY b.place, e.version`;

import { setTimeout as pause } from 'node:timers/promises';
import { randomUUIDv7 } from 'node:crypto';
import { type Statement } from '#libs/platform/batch.js';
import { type Database, violatedConstraint } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type DomainEvent, type RecordedEvent, type RecordedOf, type WriteContext } from './event.js';
import { type EncodedEvent, type EventCodec, type EventRow } from './event-codec.js';
import { type StreamDefinition, streamName } from './stream-definition.js';

/** Somebody else appended first: the stream is no longer at the expected version. */
export class VersionConflict extends Error {
  override readonly name = 'VersionConflict';
  constructor(stream: string, expectedVersion: number) {
    super(`${stream} is not at version ${expectedVersion}`);
  }
}

/** A stream's state after all its events; version 0 is a stream that does not exist. */
export interface Loaded<State> {
  state: State;
  version: number;
}

/** What an execution left behind; no events when there was nothing to change. */
export interface Executed<State, Event extends DomainEvent> extends Loaded<State> {
  events: RecordedEvent<Event>[];
}

/** An event whose id the caller chose: appending it again is recognized. */
export type Identified<Event extends DomainEvent> = Event & { eventId?: string };

const ATTEMPTS = 5;
const VERSION_CONFLICT_STATE = 'DS001';

/**
 * Appends events and reads streams. Every append carries its projections: both become visible together or not at all.
 */
export class EventStore {
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly onAppend: () => void = () => undefined,
  ) {}

  /**
   * Appends events after `expectedVersion` and applies their projections, in one round trip.
   * Appending the same event ids at the same version again succeeds and changes nothing.
   * @throws {VersionConflict} when the stream is at another version; unique violations of read tables as they come.
   */
  async append<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    expectedVersion: number,
    events: Identified<Event>[],
    context: WriteContext,
  ): Promise<RecordedEvent<Event>[]> {
    const { organizationId, ...metadata } = context;
    const stream = streamName(definition, id);
    const recordedAt = new Date();
    const encoded = events.map((event) => this.codec.encode(organizationId, stream, event));
    const recorded = events.map((event, index): RecordedEvent<Event> => {
      const eventId = event.eventId ?? randomUUIDv7();
      const version = expectedVersion + index + 1;
      const { type, data } = event;
      const sealed = encoded[index]?.sealed ?? {};
      return { organizationId, stream, version, eventId, type, data, sealed, metadata, recordedAt };
    });
    const appended = recorded.map((event, index) => appendStatement(event, encoded[index] as EncodedEvent));
    const projected = definition.projections.flatMap((projection) =>
      recorded.flatMap((event) => projection.apply(event as RecordedOf<Event>)),
    );
    try {
      await this.database.write(organizationId, [...appended, ...projected]);
    } catch (error) {
      if (!isVersionConflict(error)) throw error;
      if (!(await this.#alreadyAppended(recorded))) throw new VersionConflict(stream, expectedVersion);
    }
    this.onAppend();
    return recorded;
  }

  /** Folds a stream. A stream without events is at version 0, in its initial state. */
  async load<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    organizationId: string,
  ): Promise<Loaded<State>> {
    const events = await this.read<Event>(streamName(definition, id), organizationId);
    const state = events.reduce(
      (folded, event) => definition.evolve(folded, event as unknown as Event),
      definition.initialState,
    );
    return { state, version: events.length };
  }

  /** A stream's events, oldest first. */
  async read<Event extends DomainEvent>(stream: string, organizationId: string): Promise<RecordedEvent<Event>[]> {
    const rows = await this.database.query<EventRow>(organizationId, {
      text: 'SELECT * FROM events WHERE organization_id = $1 AND stream = $2 ORDER BY version',
      values: [organizationId, stream],
    });
    return rows.map((row) => this.codec.decode(row) as RecordedEvent<Event>);
  }

  /**
   * The one write path: load, decide, append at the version that was read. When somebody else was first it decides
   * anew on what they left, a few times.
   * @throws {DomainError} what `decide` returned, or `conflict` when others keep being first
   */
  async execute<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: WriteContext,
    decide: (state: State) => Event[] | DomainError,
  ): Promise<Executed<State, Event>> {
    for (let attempt = 1; ; attempt++) {
      const loaded = await this.load(definition, id, context.organizationId);
      const decision = decide(loaded.state);
      if (decision instanceof DomainError) throw decision;
      try {
        return await this.#appendTo(definition, id, loaded, decision, context);
      } catch (error) {
        if (!(error instanceof VersionConflict)) throw error;
        if (attempt === ATTEMPTS) throw new DomainError('conflict', 'Others are changing this entity; try again');
        await pause(Math.random() * 2 ** attempt * 5);
      }
    }
  }

  /**
   * Starts a stream under an id that is new: nothing to load, so one round trip.
   * @throws {DomainError} what `decide` returned
   */
  async create<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: WriteContext,
    decide: (state: State) => Event[] | DomainError,
  ): Promise<Executed<State, Event>> {
    const decision = decide(definition.initialState);
    if (decision instanceof DomainError) throw decision;
    return this.#appendTo(definition, id, { state: definition.initialState, version: 0 }, decision, context);
  }

  async #appendTo<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    { state, version }: Loaded<State>,
    decided: Event[],
    context: WriteContext,
  ): Promise<Executed<State, Event>> {
    if (decided.length === 0) return { state, version, events: [] };
    const events = await this.append(definition, id, version, decided, context);
    return { state: decided.reduce(definition.evolve, state), version: version + decided.length, events };
  }

  async #alreadyAppended(recorded: RecordedEvent[]): Promise<boolean> {
    const [first] = recorded;
    if (!first) return true;
    const rows = await this.database.query<{ event_id: string }>(first.organizationId, {
      text: `SELECT event_id FROM events WHERE organization_id = $1 AND stream = $2
             AND version >= $3 AND version < $3 + $4 ORDER BY version`,
      values: [first.organizationId, first.stream, first.version, recorded.length],
    });
    return rows.length === recorded.length && rows.every((row, index) => row.event_id === recorded[index]?.eventId);
  }
}

/** Before it draws a position, an append takes the lock that `feed_horizon()` looks for. */
const POSITION = `CASE WHEN pg_advisory_xact_lock_shared(position_lock(pg_sequence_last_value('event_position'))) IS NULL
  THEN NULL ELSE nextval('event_position') END`;
const INSERT_EVENT = `INSERT INTO events
  (organization_id, stream, version, event_id, type, schema_version, data, metadata, recorded_at, position)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, `;
/** That the version of a stream's first event is free, its primary key sees to. */
const INSERT_FIRST = `${INSERT_EVENT} ${POSITION})`;
const INSERT_NEXT = `${INSERT_EVENT} CASE
    WHEN EXISTS (SELECT FROM events WHERE organization_id = $1 AND stream = $2 AND version = $3 - 1) THEN ${POSITION}
    ELSE version_conflict($2, $3 - 1) END)`;

/** Stores one event as its stream's next: the version before it must exist, its own must not. */
export function appendStatement(event: RecordedEvent, { schemaVersion, data }: EncodedEvent): Statement {
  return {
    text: event.version === 1 ? INSERT_FIRST : INSERT_NEXT,
    values: [
      ...[event.organizationId, event.stream, event.version, event.eventId, event.type, schemaVersion],
      ...[JSON.stringify(data), JSON.stringify(event.metadata), event.recordedAt],
    ],
  };
}

function isVersionConflict(error: unknown): boolean {
  return (error as { code?: string }).code === VERSION_CONFLICT_STATE || violatedConstraint(error) === 'events_pkey';
}

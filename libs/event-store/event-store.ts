import { setTimeout as pause } from 'node:timers/promises';
import { randomUUIDv7 } from 'node:crypto';
import { type Statement } from '#libs/platform/batch.js';
import { type Database, violatedConstraint } from '#libs/platform/database.js';
import { Deadlocked, DomainError } from '#libs/platform/domain-error.js';
import { appendStatement, deleteKey, insertKey } from './append-statements.js';
import { type DomainEvent, type RecordedEvent, type RecordedOf, type WriteContext } from './event.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';
import { GroupCommit } from './group-commit.js';
import { type AnyStreamDefinition, type StreamDefinition, streamName } from './stream-definition.js';

/** Somebody else was first: a stream is no longer at the expected version, or a guard does not hold any more. */
export class VersionConflict extends DomainError {
  constructor() {
    super('conflict', 'Others are changing this entity; try again');
  }
}

/** A stream's state after all its events; version 0 is a stream that does not exist. */
export interface Loaded<State> {
  state: State;
  version: number;
  /** When its last event was recorded; absent when there is none. */
  recordedAt?: Date;
  /** Of its personal data: see {@link StreamDefinition.personal}. */
  sealedKey?: string;
}

/** What an execution left behind; no events when there was nothing to change. */
export interface Executed<State, Event extends DomainEvent> extends Loaded<State> {
  events: RecordedEvent<Event>[];
}

/** An event whose id the caller chose: appending it again is recognized. */
export type Identified<Event extends DomainEvent> = Event & { eventId?: string };

/** Events for one stream that are to be committed together with others: see {@link staged}. */
export interface Staged {
  definition: AnyStreamDefinition;
  id: string;
  /** What the stream was when they were decided. */
  loaded: Omit<Loaded<unknown>, 'state'>;
  events: Identified<DomainEvent>[];
}

/** Events decided on what a stream was. */
export function staged<State, Event extends DomainEvent>(
  definition: StreamDefinition<State, Event>,
  id: string,
  loaded: Omit<Loaded<State>, 'state'>,
  events: Identified<Event>[],
): Staged {
  return { definition, id, loaded, events };
}

const ATTEMPTS = 8;
/** Ours, for versions and guards. */
const CONFLICT_STATE = 'DS001';

/**
 * Appends events and reads streams. Every append carries its projections: both become visible together or not at all.
 */
export class EventStore {
  readonly #writes: GroupCommit;

  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly onAppend: (organizationId: string) => void = () => undefined,
  ) {
    this.#writes = new GroupCommit(database);
  }

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
    const recorded = await this.commit([staged(definition, id, { version: expectedVersion }, events)], context);
    return recorded as RecordedEvent<Event>[];
  }

  /**
   * Appends to any number of streams: all or nothing, in one round trip.
   * @param guards statements that call `guard(…)`: what else must hold at this moment, after the projections
   * @throws {VersionConflict} when a stream is at another version, or a guard does not hold; unique violations as they come
   */
  async commit(changes: Staged[], context: WriteContext, guards: Statement[] = []): Promise<RecordedEvent[]> {
    // One instant for all: whoever asks for the past sees what they change together, or nothing of it.
    const recordedAt = new Date();
    const appends = changes.map((change) => this.#appendOf(change, context, recordedAt));
    const recorded = appends.flatMap(({ events }) => events);
    if (recorded.length === 0) return [];
    const { unit } = this.database;
    try {
      // What is part of a unit of work shares its transaction, and none with others.
      const statements = [
        ...appends.flatMap(({ inserts }) => inserts),
        ...appends.flatMap(({ projected }) => projected),
        ...guards,
      ];
      if (unit) await this.database.write(context.organizationId, statements);
      else
        await this.#writes.write(context.organizationId, { stream: (recorded[0] as RecordedEvent).stream, statements });
    } catch (error) {
      // A unit holds on to what it has done, which others wait for: it can be done anew only as a whole.
      if (!isVersionConflict(error) || (unit && error instanceof Deadlocked)) throw error;
      if (!(await this.#alreadyAppended(recorded))) throw new VersionConflict();
    }
    this.#appended(changes);
    const announce = () => {
      this.onAppend(context.organizationId);
    };
    if (unit) unit.afterCommit(announce);
    else announce();
    return recorded;
  }

  /**
   * Folds a stream. A stream without events is at version 0, in its initial state.
   * @throws {PreconditionFailed} when the request expects another version of it
   */
  async load<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    organizationId: string,
  ): Promise<Loaded<State>> {
    const stream = streamName(definition, id);
    return this.#folded(definition, stream, await this.#rows([stream], organizationId));
  }

  /** Folds many streams in one round trip; answers them in the order of the ids. */
  async loadAll<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    ids: string[],
    organizationId: string,
  ): Promise<Loaded<State>[]> {
    if (ids.length === 0) return [];
    const streams = ids.map((id) => streamName(definition, id));
    const rows = Map.groupBy(await this.#rows(streams, organizationId), ({ stream }) => stream);
    return streams.map((stream) => this.#folded(definition, stream, rows.get(stream) ?? []));
  }

  #folded<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    stream: string,
    rows: EventRow[],
  ): Loaded<State> {
    this.database.watched?.loaded(stream, rows.length);
    const state = rows.reduce(
      (folded, row) => definition.evolve(folded, this.codec.decode(row) as unknown as Event),
      definition.initialState,
    );
    const sealedKey = rows[0]?.sealed_key ?? undefined;
    if (sealedKey) this.database.unit?.personalStreams.add(stream);
    return { state, version: rows.length, recordedAt: rows.at(-1)?.recorded_at, sealedKey };
  }

  /** A stream's events, oldest first. */
  async read<Event extends DomainEvent>(stream: string, organizationId: string): Promise<RecordedEvent<Event>[]> {
    const rows = await this.#rows([stream], organizationId);
    return rows.map((row) => this.codec.decode(row) as RecordedEvent<Event>);
  }

  /**
   * The one write path: load, decide, append at the version that was read.
   * @param guards see {@link commit}
   * @throws {DomainError} what `decide` returned
   * @throws {VersionConflict} when others keep being first
   */
  async execute<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: WriteContext,
    decide: (state: State) => Event[] | DomainError,
    guards: Statement[] = [],
  ): Promise<Executed<State, Event>> {
    return this.retrying(async () => {
      const loaded = await this.load(definition, id, context.organizationId);
      return this.#appendTo(definition, id, loaded, decide(loaded.state), context, guards);
    });
  }

  /**
   * Starts a stream under an id that is new: nothing to load, so one round trip.
   * @param guards see {@link commit}
   * @throws {DomainError} what `decide` returned
   */
  async create<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: WriteContext,
    decide: (state: State) => Event[] | DomainError,
    guards: Statement[] = [],
  ): Promise<Executed<State, Event>> {
    const decision = decide(definition.initialState);
    return this.#appendTo(definition, id, { state: definition.initialState, version: 0 }, decision, context, guards);
  }

  /**
   * Loads, decides and commits, in the caller's words. When somebody else was first it is done anew on what they left, a
   * few times.
   * @throws {VersionConflict} when others keep being first
   */
  async retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
        await pause(Math.random() * 2 ** attempt * 3);
      }
    }
  }

  async #appendTo<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    loaded: Loaded<State>,
    decision: Event[] | DomainError,
    context: WriteContext,
    guards: Statement[],
  ): Promise<Executed<State, Event>> {
    if (decision instanceof DomainError) throw decision;
    const events = await this.commit([staged(definition, id, loaded, decision)], context, guards);
    return {
      state: decision.reduce(definition.evolve, loaded.state),
      version: loaded.version + decision.length,
      recordedAt: events.at(-1)?.recordedAt ?? loaded.recordedAt,
      events: events as RecordedEvent<Event>[],
    };
  }

  /** Tells those who are interested in what the request has changed. */
  #appended(changes: Staged[]): void {
    const { unit, watched } = this.database;
    if (!unit && !watched) return;
    for (const { definition, id, loaded, events } of changes) {
      const stream = streamName(definition, id);
      watched?.appended(stream, loaded.version, loaded.version + events.length);
      if (loaded.version === 0 && definition.personal && events.length > 0) unit?.personalStreams.add(stream);
    }
  }

  /** What a change writes, and the events as they will be recorded. */
  #appendOf({ definition, id, loaded, events }: Staged, context: WriteContext, recordedAt: Date) {
    const { organizationId, ...metadata } = context;
    const stream = streamName(definition, id);
    const first = loaded.version === 0 && definition.personal !== undefined;
    const sealedKey = first ? this.codec.createKey(organizationId, stream) : loaded.sealedKey;
    const appends = events.map(({ eventId = randomUUIDv7(), type, data }, index) => {
      const version = loaded.version + index + 1;
      const event = { organizationId, stream, version, eventId, type, data, sealed: {}, metadata, recordedAt };
      const encoded = this.codec.encode(event, sealedKey);
      return { event: { ...event, sealed: encoded.sealed }, encoded };
    });
    const recorded: RecordedEvent[] = appends.map(({ event }) => event);
    return {
      events: recorded,
      inserts: [
        ...appends.map(({ event, encoded }) => appendStatement(event, encoded)),
        ...(first && sealedKey ? [insertKey(organizationId, stream, sealedKey)] : []),
        ...(events.some(({ type }) => type === definition.forgetsWith) ? [deleteKey(organizationId, stream)] : []),
      ],
      projected: definition.projections.flatMap((projection) =>
        recorded.flatMap((event) => projection.apply(event as RecordedOf<DomainEvent>)),
      ),
    };
  }

  #rows(streams: string[], organizationId: string): Promise<EventRow[]> {
    const [only, ...others] = streams;
    return this.database.query<EventRow>(organizationId, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE organization_id = $1 AND stream ${others.length > 0 ? '= ANY($2)' : '= $2'}
             ORDER BY stream, version`,
      values: [organizationId, others.length > 0 ? streams : only],
    });
  }

  async #alreadyAppended(recorded: RecordedEvent[]): Promise<boolean> {
    const [first] = recorded as [RecordedEvent];
    const rows = await this.database.query<{ event_id: string }>(first.organizationId, {
      text: `SELECT event_id FROM events
             JOIN unnest($2::text[], $3::int[]) AS ours(stream, version) USING (stream, version) WHERE organization_id = $1`,
      values: [first.organizationId, recorded.map(({ stream }) => stream), recorded.map(({ version }) => version)],
    });
    const found = new Set(rows.map(({ event_id }) => event_id));
    return recorded.every(({ eventId }) => found.has(eventId));
  }
}

function isVersionConflict(error: unknown): boolean {
  if (error instanceof Deadlocked || violatedConstraint(error) === 'events_pkey') return true;
  return (error as { code?: string }).code === CONFLICT_STATE;
}

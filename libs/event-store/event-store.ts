import { setTimeout as pause } from 'node:timers/promises';
import { randomUUIDv7 } from 'node:crypto';
import { type Statement } from '#libs/platform/batch.js';
import { type Database, violatedConstraint } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { merged } from '#libs/platform/merged-statements.js';
import { Contended } from '#libs/platform/unavailable.js';
import { appendStatement, deleteKey, insertKey } from './append-statements.js';
import {
  type DomainEvent,
  type EventMetadata,
  type ReadContext,
  type RecordedEvent,
  type WriteContext,
} from './event.js';
import { type StoredRow } from './entity-row.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';
import { GroupCommit } from './group-commit.js';
import { type Loaded } from './loaded.js';
import { changesOfTables, rowStatementsOf } from './read-tables.js';
import { deleteSnapshots, snapshotsOf } from './snapshots.js';
import { type AnyStreamDefinition, evolved, type StreamDefinition, streamName } from './stream-definition.js';
import { StreamStates } from './stream-states.js';

/**
 * Somebody else was first: a stream is no longer at the expected version, or a guard does not hold any more. When others
 * were only in the way, as in a deadlock, it is `unavailable`: the same may succeed in a moment.
 */
export class VersionConflict extends DomainError {
  constructor(cause?: unknown) {
    const [kind, details] =
      cause instanceof Contended ? (['unavailable', { retryAfterSeconds: 1 }] as const) : (['conflict', {}] as const);
    super(kind, 'Others are changing this entity; try again', details, { cause });
  }
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
  loaded: Loaded<unknown>;
  events: Identified<DomainEvent>[];
}

/** Events decided on what a stream was. */
export function staged<State, Event extends DomainEvent>(
  definition: StreamDefinition<State, Event>,
  id: string,
  loaded: Loaded<State>,
  events: Identified<Event>[],
): Staged {
  return { definition, id, loaded, events };
}

/**
 * What a command does to a stream that was loaded, to be committed with changes of others.
 * @throws {DomainError} what was decided
 */
export function decided<State, Event extends DomainEvent, Command>(
  definition: StreamDefinition<State, Event, Command>,
  id: string,
  loaded: Loaded<State>,
  command: Command,
): Staged {
  const events = definition.decide(command, loaded.state, new Date());
  if (events instanceof DomainError) throw events;
  return staged(definition, id, loaded, events);
}

const ATTEMPTS = 8;
/** Ours for versions and guards. */
const CONFLICT_STATE = 'DS001';

/**
 * Appends events and reads streams. Every append carries its projections: both become visible together or not at all.
 */
export class EventStore {
  readonly #writes: GroupCommit;
  readonly #states: StreamStates;

  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly onAppend: (organizationId: string) => void = () => undefined,
  ) {
    this.#writes = new GroupCommit(database);
    this.#states = new StreamStates(database, codec);
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
    const loaded =
      expectedVersion === 0
        ? { state: definition.initialState, version: 0 }
        : { ...(await this.load(definition, id, context)), version: expectedVersion };
    const recorded = await this.commit([staged(definition, id, loaded, events)], context);
    return recorded as RecordedEvent<Event>[];
  }

  /**
   * Appends to any number of streams: all or nothing, in one round trip.
   * @param guards statements that call `guard(…)`: what else must hold at this moment, after the projections
   * @param recordedAt one instant for all: whoever asks for the past sees what they change together, or nothing of it
   * @throws {VersionConflict} when a stream is at another version, or a guard does not hold; unique violations as they come
   */
  async commit(
    changes: Staged[],
    context: WriteContext,
    guards: Statement[] = [],
    recordedAt = instantAfter(changes.map(({ loaded }) => loaded)),
  ): Promise<RecordedEvent[]> {
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
      if (unit) await this.database.write(context.organizationId, merged(statements));
      else
        await this.#writes.write(context.organizationId, { stream: (recorded[0] as RecordedEvent).stream, statements });
    } catch (error) {
      // A unit holds on to what it has done, which others wait for: it can be done anew only as a whole.
      if (!isVersionConflict(error) || (unit && error instanceof Contended)) throw error;
      if (!(await this.#alreadyAppended(recorded))) throw new VersionConflict(error);
    }
    for (const { definition, id, loaded, events } of changes) {
      const isPersonal = loaded.version === 0 && definition.personal !== undefined && events.length > 0;
      const to = loaded.version + events.length;
      context.observer?.appended(streamName(definition, id), loaded.version, to, isPersonal);
    }
    const announce = () => {
      this.onAppend(context.organizationId);
    };
    if (unit) unit.afterCommit(announce);
    else announce();
    return recorded;
  }

  /**
   * What a stream is: by the row that holds its state, else from its events. A stream without events is at version 0, in
   * its initial state.
   * @throws {DomainError} when the context's observer refuses the version
   */
  async load<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: ReadContext,
  ): Promise<Loaded<State>> {
    const [loaded] = await this.loadAll(definition, [id], context);
    return loaded as Loaded<State>;
  }

  /** The same for many streams, in the order of the ids. One round trip; another one where rows are missing or stale. */
  async loadAll<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    ids: string[],
    context: ReadContext,
  ): Promise<Loaded<State>[]> {
    if (ids.length === 0) return [];
    const { organizationId } = context;
    const found = await this.#loadRows(definition, ids, organizationId);
    const others = ids.filter((id) => !found.has(id));
    const wanted = others.map((id) => ({ definition, organizationId, stream: streamName(definition, id) }));
    const folded = await this.#states.fold(organizationId, wanted);
    for (const [index, id] of others.entries()) found.set(id, folded[index] as Loaded<State>);
    for (const [id, loaded] of found) observe(context, definition, id, loaded);
    return ids.map((id) => found.get(id) as Loaded<State>);
  }

  /**
   * A stream, and ids that a decision needs to know besides: all as of one instant. One round trip; others where the row
   * is missing or stale, and then the ids are the newer ones, so that the version tells what has changed between.
   * @param queries of ids
   */
  async loadWith<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    context: ReadContext,
    queries: Statement[],
  ): Promise<{ loaded: Loaded<State>; ids: string[][] }> {
    const { organizationId } = context;
    const load = rowStatementsOf(definition)?.load(organizationId, [id]);
    if (!load) throw new Error(`${definition.category} streams have no rows`);
    const rows = await this.database.query<StoredRow>(organizationId, together(load, queries));
    const loaded = this.#loadedOf<State>(definition, rows).get(id);
    if (loaded) {
      observe(context, definition, id, loaded);
      return { loaded, ids: idsOf(rows[0]) };
    }
    const folded = await this.load(definition, id, context);
    const [again] = await this.database.query<object>(organizationId, together(load, queries));
    return { loaded: folded, ids: idsOf(again) };
  }

  async #loadRows<State>(
    definition: AnyStreamDefinition,
    ids: string[],
    organizationId: string,
  ): Promise<Map<string, Loaded<State>>> {
    const statements = rowStatementsOf(definition);
    if (!statements) return new Map();
    const load = statements.load(organizationId, ids);
    const rows = await (ids.length === 1
      ? this.database.lookup<StoredRow>(organizationId, load)
      : this.database.query<StoredRow>(organizationId, load));
    return this.#loadedOf(definition, rows);
  }

  /** Those of the rows that are not stale, by id. */
  #loadedOf<State>(definition: AnyStreamDefinition, rows: StoredRow[]): Map<string, Loaded<State>> {
    const current = rows.filter(({ shape }) => shape === definition.shape);
    return new Map(
      current.map(({ id, version, document, recorded_at: recordedAt, sealed_key }) => [
        String(id),
        { state: document as State, version, recordedAt, sealedKey: sealed_key ?? undefined },
      ]),
    );
  }

  /** A stream's events, oldest first. */
  async read<Event extends DomainEvent>(stream: string, organizationId: string): Promise<RecordedEvent<Event>[]> {
    const rows = await this.database.query<EventRow>(organizationId, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE organization_id = $1 AND stream = $2 ORDER BY version`,
      values: [organizationId, stream],
    });
    return rows.map((row) => this.codec.decode(row) as RecordedEvent<Event>);
  }

  /**
   * The one way to write: load, decide by the command, append at the version that was read. Nothing is loaded where the
   * definition says that the command starts a stream under an id that is new.
   * @param guards see {@link commit}; of what was loaded
   * @throws {DomainError} what was decided
   * @throws {VersionConflict} when others keep being first
   */
  async handle<State, Event extends DomainEvent, Command extends { type: string }>(
    definition: StreamDefinition<State, Event, Command>,
    id: string,
    context: WriteContext,
    command: Command,
    guards: (state: State) => Statement[] = () => [],
  ): Promise<Executed<State, Event>> {
    if (definition.creates === command.type) {
      const nothing = { state: definition.initialState, version: 0 };
      return this.decide(definition, id, context, nothing, command, guards(nothing.state));
    }
    return this.retrying(async () => {
      const loaded = await this.load(definition, id, context);
      return this.decide(definition, id, context, loaded, command, guards(loaded.state));
    });
  }

  /**
   * Handles many commands in two round trips: each is decided on the state that those before it leave, and all events are
   * committed together. A refused command is answered by its error and does not affect the others.
   * @throws {VersionConflict} when others keep being first; unique violations as they come: nothing has happened then
   */
  async handleAll<State, Event extends DomainEvent, Command extends { type: string }>(
    definition: StreamDefinition<State, Event, Command>,
    context: WriteContext,
    commands: { id: string; command: Command }[],
  ): Promise<(Loaded<State> | DomainError)[]> {
    const changing = commands.filter(({ command }) => command.type !== definition.creates);
    const ids = [...new Set(changing.map(({ id }) => id))];
    return this.retrying(async () => {
      const found = await this.loadAll(definition, ids, context);
      const recordedAt = instantAfter(found);
      const first = new Map(ids.map((id, index) => [id, found[index] as Loaded<State>]));
      const changes = new Map<string, { after: Loaded<State>; events: Event[] }>();
      const outcomes = commands.map(({ id, command }) => {
        const { after = first.get(id) ?? { state: definition.initialState, version: 0 }, events = [] } =
          changes.get(id) ?? {};
        const decision = definition.decide(command, after.state, recordedAt);
        if (decision instanceof DomainError || decision.length === 0)
          return decision instanceof DomainError ? decision : after;
        const state = evolved(definition, after.state, decision, { recordedAt, metadata: context });
        const next = { ...after, state, version: after.version + decision.length, recordedAt };
        changes.set(id, { after: next, events: [...events, ...decision] });
        return next;
      });
      const stagedChanges = [...changes].map(([id, { events }]) =>
        staged(definition, id, first.get(id) ?? { state: definition.initialState, version: 0 }, events),
      );
      await this.commit(stagedChanges, context, [], recordedAt);
      return outcomes;
    });
  }

  /**
   * The same upon what the caller has loaded; once.
   * @throws {DomainError} what was decided
   * @throws {VersionConflict} when others were first
   */
  async decide<State, Event extends DomainEvent, Command>(
    definition: StreamDefinition<State, Event, Command>,
    id: string,
    context: WriteContext,
    loaded: Loaded<State>,
    command: Command,
    guards: Statement[] = [],
  ): Promise<Executed<State, Event>> {
    const recordedAt = instantAfter([loaded]);
    const decision = definition.decide(command, loaded.state, recordedAt);
    if (decision instanceof DomainError) throw decision;
    const events = await this.commit([staged(definition, id, loaded, decision)], context, guards, recordedAt);
    return {
      state: evolved(definition, loaded.state, decision, { recordedAt, metadata: context }),
      version: loaded.version + decision.length,
      recordedAt: events.at(-1)?.recordedAt ?? loaded.recordedAt,
      events: events as RecordedEvent<Event>[],
    };
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

  /** What a change writes, and the events as they will be recorded. */
  #appendOf({ definition, id, loaded, events }: Staged, context: WriteContext, recordedAt: Date) {
    const { organizationId } = context;
    const metadata = metadataOf(context);
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
    const forgets = events.some(({ type }) => type === definition.forgetsWith);
    const state = evolved(definition, loaded.state, events, { recordedAt, metadata }) as unknown;
    const after = { state, version: loaded.version + events.length, recordedAt, sealedKey };
    return {
      events: recorded,
      inserts: [
        ...appends.map(({ event, encoded }, index) => appendStatement(event, encoded, index === 0)),
        ...(first && sealedKey ? [insertKey(organizationId, stream, sealedKey)] : []),
        ...(forgets
          ? [deleteKey(organizationId, stream), deleteSnapshots(organizationId, stream)]
          : snapshotsOf(this.codec, definition, { organizationId, stream }, loaded.version, after)),
      ],
      projected: changesOfTables(definition, recorded, loaded, after),
    };
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

/** A statement that answers the one row of another, or none, beside the ids that queries find: as `ids_0` and so on. */
function together(load: Statement, queries: Statement[]): Statement {
  const values = [...(load.values ?? [])];
  const columns = queries.map((query, index) => {
    const text = query.text.replace(/\$(\d+)/g, (_, place: string) => `$${values.length + Number(place)}`);
    values.push(...(query.values ?? []));
    return `ARRAY(${text})::text[] AS ids_${index}`;
  });
  return {
    text: `SELECT * FROM (SELECT ${columns.join(', ')}) AS ids LEFT JOIN (${load.text}) AS loaded ON true`,
    values,
  };
}

/** What {@link together} has found, query by query. */
function idsOf(row: object | undefined): string[][] {
  return Object.entries(row ?? {})
    .filter(([name]) => name.startsWith('ids_'))
    .map(([, ids]) => ids as string[]);
}

function observe(
  { observer }: ReadContext,
  definition: AnyStreamDefinition,
  id: string,
  loaded: Loaded<unknown>,
): void {
  observer?.loaded(streamName(definition, id), loaded.version, loaded.sealedKey !== undefined);
}

/** What is recorded of the writer. */
function metadataOf(context: WriteContext): EventMetadata {
  const metadata: Partial<WriteContext> & EventMetadata = { ...context };
  delete metadata.organizationId;
  delete metadata.observer;
  return metadata;
}

/** Now, but not before the events of these streams: the clock of the process that has recorded them may be ahead. */
function instantAfter(loaded: Pick<Loaded<unknown>, 'recordedAt'>[]): Date {
  return new Date(Math.max(Date.now(), ...loaded.map(({ recordedAt }) => recordedAt?.getTime() ?? 0)));
}

function isVersionConflict(error: unknown): boolean {
  if (error instanceof Contended || violatedConstraint(error) === 'events_pkey') return true;
  return (error as { code?: string }).code === CONFLICT_STATE;
}

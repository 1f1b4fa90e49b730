import { setTimeout as pause } from 'node:timers/promises';
import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { merged } from '#libs/database/merged-statements.js';
import { Contended } from '#libs/database/unavailable.js';
import { accepted, DomainError } from '#libs/platform/domain-error.js';
import { timeSlices } from '#libs/platform/time-slices.js';
import { type Append, appendOf } from './append.js';
import { type EventCodec } from './event-codec.js';
import { type DomainEvent, type RecordedEvent, type WriteContext } from './event.js';
import { GroupCommit } from './group-commit.js';
import { type Loaded } from './loaded.js';
import { type Identified, instantAfter, type Staged, staged } from './staged.js';
import { evolved, type StreamDefinition, streamName } from './stream-definition.js';
import { StreamReader } from './stream-reader.js';
import { isVersionConflict, VersionConflict } from './version-conflict.js';

/** The result of a command; without events when there was nothing to change. */
export interface Executed<State, Event extends DomainEvent> extends Loaded<State> {
  events: RecordedEvent<Event>[];
}

const ATTEMPTS = 8;
/** Number of changes that are sealed and serialized without a pause. */
const ENCODED_AT_ONCE = 20;

/**
 * Appends events and reads streams. Every append carries its projections: both become visible together or not at all.
 */
export class EventStore extends StreamReader {
  readonly #writes: GroupCommit;

  constructor(
    database: Database,
    codec: EventCodec,
    private readonly onAppend: (organizationId: string) => void = () => undefined,
  ) {
    super(database, codec);
    this.#writes = new GroupCommit(database);
  }

  /**
   * Appends events after `expectedVersion` and applies their projections, in one round trip. Appending the same event
   * ids at the same version again succeeds and changes nothing.
   * @throws {VersionConflict} when the stream is at another version; unique violations of read tables unchanged
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
   * @param guards statements that call `guard(…)`: conditions that are checked after the projections
   * @param recordedAt one instant for all, so that reads of the past see the changes together or not at all
   * @throws {VersionConflict} when a stream is at another version, or a guard fails; unique violations unchanged
   */
  async commit(
    changes: Staged[],
    context: WriteContext,
    guards: Statement[] = [],
    recordedAt = instantAfter(changes.map(({ loaded }) => loaded)),
  ): Promise<RecordedEvent[]> {
    const appends: Append[] = [];
    for (const [index, change] of changes.entries()) {
      if (index > 0 && index % ENCODED_AT_ONCE === 0) await timeSlices.next(context.organizationId);
      appends.push(appendOf(this.codec, change, context, recordedAt));
    }
    const recorded = appends.flatMap(({ events }) => events);
    if (recorded.length === 0) return [];
    const { unit } = this.database;
    try {
      // A change in a unit of work is written in its transaction, shared with no others.
      const statements = [
        ...appends.flatMap(({ inserts }) => inserts),
        ...appends.flatMap(({ projected }) => projected),
        ...guards,
      ];
      const { organizationId } = context;
      if (unit) await this.database.write(organizationId, merged(statements));
      else await this.#writes.write({ organizationId, stream: (recorded[0] as RecordedEvent).stream, statements });
    } catch (error) {
      // A unit keeps its locks, which others wait for: it can only be retried as a whole.
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
   * Loads a stream, decides the command, and appends at the version that was read: the one way to write. Nothing is
   * loaded if the definition says that the command starts a stream under a new id.
   * @param guards see {@link commit}; made from the loaded state
   * @throws {DomainError} the decider's refusal
   * @throws {VersionConflict} when other writers keep winning
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
   * Handles many commands in two round trips: each is decided on the state that those before it leave, and all events
   * are committed together. A refused command is answered by its error and does not affect the others.
   * @throws {VersionConflict} when other writers keep winning; unique violations unchanged: nothing is written then
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
   * Decides and appends once, based on the state that the caller has loaded.
   * @throws {DomainError} the decider's refusal
   * @throws {VersionConflict} when other writers were first
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
    const decision = accepted(definition.decide(command, loaded.state, recordedAt));
    const events = await this.commit([staged(definition, id, loaded, decision)], context, guards, recordedAt);
    return {
      state: evolved(definition, loaded.state, decision, { recordedAt, metadata: context }),
      version: loaded.version + decision.length,
      recordedAt: events.at(-1)?.recordedAt ?? loaded.recordedAt,
      events: events as RecordedEvent<Event>[],
    };
  }

  /**
   * Runs `work`, which loads, decides and commits. If another writer was first, runs it again on the new state, a few
   * times.
   * @throws {VersionConflict} when other writers keep winning
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

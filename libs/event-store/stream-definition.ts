import { type Statement } from '#libs/database/batch.js';
import { type DomainError } from '#libs/platform/domain-error.js';
import { type EntityRow, type RowKey } from './entity-row.js';
import { type DomainEvent, type RecordedOf, type Recording } from './event.js';

/**
 * All that the store must know about one kind of stream. A resource exports exactly one. `evolve` folds events into the
 * state that `decide` looks at; `row`, `parts` and `projections` keep read tables current.
 */
export interface StreamDefinition<State, Event extends DomainEvent, Command = never> {
  /** First part of the stream's name, `<category>-<id>`; contains no hyphen. */
  category: string;
  /** The types of its events. */
  types: Record<Event['type'], true>;
  initialState: State;
  /**
   * The version of the stored form of a state, in its row and in snapshots. Raise it when the state, the row's columns
   * or the shown form change: rows of an earlier shape, and snapshots of another one, are rebuilt from the events, not
   * read. The previous release reads and changes rows of the next shape: a new shape only adds to the state.
   */
  shape: number;
  /**
   * Returns the events of a command on an entity in this state, none if nothing changes; or the reason for a refusal.
   * @param recordedAt the instant at which the events will be recorded
   */
  decide(command: Command, state: State, recordedAt: Date): Event[] | DomainError;
  /** Type of the command that starts a stream under a new id. */
  creates?: string;
  /** Returns the state after one more event. */
  evolve: (state: State, event: Event, recording: Recording) => State;
  /** The read table that holds the state, which saves folding the stream. */
  row?: EntityRow<NonNullable<State>>;
  /** Further read tables that are made from the state. */
  parts?: Part<State>[];
  /** Read tables for collections without a bound, which are not part of the state. */
  projections?: Projection<Event>[];
  upcasters?: Upcasters;
  /** Fields, by event type, that are stored encrypted under the installation's master key. */
  secrets?: Partial<Record<Event['type'], readonly string[]>>;
  /**
   * Fields, by event type, that identify a person: stored encrypted under the stream's own key. Once that key is
   * destroyed, the events lack these fields, so they must be optional in the event's type.
   */
  personal?: Partial<Record<Event['type'], readonly string[]>>;
  /** Fields, by event type, that identify a person who is not anonymized: in clear, but withheld without the right. */
  identifying?: Partial<Record<Event['type'], readonly string[]>>;
  /** Fields of any of the stream's events that are masked for everybody: digests of secrets. */
  hidden?: readonly string[];
  /**
   * Event types whose personal data is sealed under a key of its own instead, so that it can be destroyed alone; with the
   * field of their data that is the event's id, too.
   */
  ownKeys?: Partial<Record<Event['type'], string>>;
  /** Event types that destroy the own key of one event, with the field of their data that names that event. */
  forgetsOne?: Partial<Record<Event['type'], string>>;
  /** The event type that destroys the stream's key, and all own keys, in the transaction that records it. */
  forgetsWith?: Event['type'];
}

/** A read table and what each event does to it. Written in the same transaction as the events themselves. */
export interface Projection<Event extends DomainEvent> {
  /** The table, whose name is also the projection's. Only its statements write it. */
  table: string;
  /** Returns statements that bring the table up to date. They see only the event and the table. */
  apply: (event: RecordedOf<Event>) => Statement[];
}

/** A read table that is made from an entity's state. Written in the same transaction as the events. */
export interface Part<State> {
  table: string;
  /** The column with the entity's id. */
  owner: string;
  /** Whether its rows stay correct when the shape changes. Otherwise they are rebuilt with a row of another shape. */
  isStable?: true;
  /** Returns statements that turn the rows of the state before into those of the state after. */
  change: (key: RowKey, before: State, after: State) => Statement[];
}

/**
 * Functions that lift stored data of older schema versions: by event type, the n-th function lifts version n to n + 1.
 * Stored rows never change; an event type is written in version (number of its functions) + 1.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each function knows the shape it lifts, the chain does not
export type Upcasters = Record<string, ((data: any) => object)[]>;

/** A definition with its types erased, for lists of all streams. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- existential: state and event are private to each definition
export type AnyStreamDefinition = StreamDefinition<any, any, any>;

export function streamName(definition: AnyStreamDefinition, id: string): string {
  return `${definition.category}-${id}`;
}

/** Returns all read tables of a kind of stream. */
export function tablesOf({ row, parts = [], projections = [] }: AnyStreamDefinition): string[] {
  return [...(row ? [row.table] : []), ...[...parts, ...projections].map(({ table }) => table)];
}

/** Returns a state after further events that are recorded together. */
export function evolved<State, Event extends DomainEvent>(
  { evolve }: Pick<StreamDefinition<State, Event>, 'evolve'>,
  state: State,
  events: Event[],
  recording: Recording,
): State {
  return events.reduce((before, event) => evolve(before, event, recording), state);
}

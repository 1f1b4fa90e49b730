import { type Statement } from '#libs/platform/batch.js';
import { type DomainEvent, type RecordedOf } from './event.js';

/**
 * Everything the store must know about one kind of stream. A resource exports exactly one.
 * `evolve` folds events into the state that `decide` looks at; `projections` keep read tables in step.
 */
export interface StreamDefinition<State, Event extends DomainEvent> {
  /** First part of the stream's name, `<category>-<id>`; has no hyphen of its own. */
  category: string;
  /** All types of its events. */
  types: Record<Event['type'], true>;
  initialState: State;
  evolve: (state: State, event: Event) => State;
  projections: Projection<Event>[];
  upcasters?: Upcasters;
  /** Fields, by event type, that are stored encrypted under the installation's master key. */
  secrets?: Partial<Record<Event['type'], readonly string[]>>;
  /**
   * Fields, by event type, that identify a person: stored encrypted under a key of the stream's own. Once that key is
   * destroyed, the events are without these fields, so all of them are optional in the event's type.
   */
  personal?: Partial<Record<Event['type'], readonly string[]>>;
  /** Fields, by event type, that identify a person who is not anonymized: kept in clear, and left out for who may not read them. */
  identifying?: Partial<Record<Event['type'], readonly string[]>>;
  /** Fields, of whatever event of the stream, that nobody is shown: what recognizes a secret. */
  hidden?: readonly string[];
  /** The event type that destroys the stream's key in the transaction that records it. */
  forgetsWith?: Event['type'];
}

/** A read table and what each event does to it. Written in the same transaction as the events themselves. */
export interface Projection<Event extends DomainEvent> {
  /** The table, which is also the projection's name. Only its statements write it. */
  table: string;
  /** Statements that bring the table up to date. They see only the event and the table. */
  apply: (event: RecordedOf<Event>) => Statement[];
}

/**
 * How stored data of older schema versions becomes the newest: by event type, the n-th function lifts version n to
 * n + 1. Stored rows never change; an event type is written in version (number of its functions) + 1.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each function knows the shape it lifts, the chain does not
export type Upcasters = Record<string, ((data: any) => object)[]>;

/** A definition whose types no longer matter: what lists of all streams hold. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- existential: state and event are private to each definition
export type AnyStreamDefinition = StreamDefinition<any, any>;

export function streamName(definition: AnyStreamDefinition, id: string): string {
  return `${definition.category}-${id}`;
}

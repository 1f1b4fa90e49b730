import { accepted } from '#libs/platform/domain-error.js';
import { type DomainEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition, type StreamDefinition } from './stream-definition.js';

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
  const events = accepted(definition.decide(command, loaded.state, new Date()));
  return staged(definition, id, loaded, events);
}

/** Now, but not before the events of these streams: the clock of the process that has recorded them may be ahead. */
export function instantAfter(loaded: Pick<Loaded<unknown>, 'recordedAt'>[]): Date {
  return new Date(Math.max(Date.now(), ...loaded.map(({ recordedAt }) => recordedAt?.getTime() ?? 0)));
}

import { accepted } from '#libs/platform/domain-error.js';
import { type DomainEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { type AnyStreamDefinition, type StreamDefinition } from './stream-definition.js';

/** An event whose id the caller may choose, so that a repeated append is recognized. */
export type Identified<Event extends DomainEvent> = Event & { eventId?: string };

/** Events of one stream to commit together with others: see {@link staged}. */
export interface Staged {
  definition: AnyStreamDefinition;
  id: string;
  /** The stream when they were decided. */
  loaded: Loaded<unknown>;
  events: Identified<DomainEvent>[];
}

/** Returns events decided on a loaded stream. */
export function staged<State, Event extends DomainEvent>(
  definition: StreamDefinition<State, Event>,
  id: string,
  loaded: Loaded<State>,
  events: Identified<Event>[],
): Staged {
  return { definition, id, loaded, events };
}

/**
 * Decides a command on a loaded stream, to be committed with changes of others.
 * @throws {DomainError} the decider's refusal
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

/** Returns now, but not before these streams' events: the clock that recorded them may be ahead. */
export function instantAfter(loaded: Pick<Loaded<unknown>, 'recordedAt'>[]): Date {
  return new Date(Math.max(Date.now(), ...loaded.map(({ recordedAt }) => recordedAt?.getTime() ?? 0)));
}

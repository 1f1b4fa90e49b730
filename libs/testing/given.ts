import { type Recording } from '#libs/event-store/event.js';
import { type DomainError } from '#libs/platform/domain-error.js';

/** The time and author of past events in tests. */
export const RECORDED: Recording = {
  recordedAt: new Date('2026-03-14T09:26:53.589Z'),
  metadata: { actorId: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a' },
};

interface Decider<State, Command, Event> {
  decide: (command: Command, state: State, recordedAt: Date) => Event[] | DomainError;
  evolve: (state: State, event: Event, recording: Recording) => State;
  initialState: State;
}

/**
 * Tests a decider: given past events, when a command comes, then these events follow, or this error:
 * `const tag = given(decider); tag(created).when(deactivate).then([deactivated])`.
 */
export function given<State, Command, Event>({ decide, evolve, initialState }: Decider<State, Command, Event>) {
  return (...events: Event[]) => {
    const state = events.reduce((before, event) => evolve(before, event, RECORDED), initialState);
    return {
      state,
      when: (command: Command) => ({
        then: (expected: Event[] | DomainError) => {
          expect(decide(command, state, RECORDED.recordedAt)).toEqual(expected);
        },
      }),
    };
  };
}

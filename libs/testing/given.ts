import { type DomainError } from '#libs/platform/domain-error.js';

interface Decider<State, Command, Event> {
  decide: (command: Command, state: State) => Event[] | DomainError;
  evolve: (state: State, event: Event) => State;
  initialState: State;
}

/**
 * Given past events, when a command comes, then these events follow, or this error:
 * `const tag = given(decider); tag(created).when(deactivate).then([deactivated])`.
 */
export function given<State, Command, Event>({ decide, evolve, initialState }: Decider<State, Command, Event>) {
  return (...events: Event[]) => {
    const state = events.reduce(evolve, initialState);
    return {
      state,
      when: (command: Command) => ({
        then: (expected: Event[] | DomainError) => {
          expect(decide(command, state)).toEqual(expected);
        },
      }),
    };
  };
}

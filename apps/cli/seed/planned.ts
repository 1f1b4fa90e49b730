import { type EventStore } from '#libs/event-store/event-store.js';
import { type DomainEvent, type WriteContext } from '#libs/event-store/event.js';
import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { DomainError } from '#libs/platform/domain-error.js';

/** Entities of one kind, each with the commands that make it. */
export interface Planned {
  /** Creates the entities whose streams are empty. Returns how many. */
  create(store: EventStore, context: WriteContext): Promise<number>;
}

/** Number of entities that are created together. */
const GROUP = 50;

/**
 * Plans entities. One that exists stays as it is, and one that was deleted stays deleted.
 * @param entities each with its commands: all of them are carried out, or none
 */
export function planned<State, Event extends DomainEvent, Command extends { type: string }>(
  definition: StreamDefinition<State, Event, Command>,
  entities: readonly (readonly [id: string, commands: readonly Command[]])[],
): Planned {
  return {
    create: async (store, context) => {
      let created = 0;
      for (let start = 0; start < entities.length; start += GROUP) {
        const group = entities.slice(start, start + GROUP);
        const found = await store.loadAll(
          definition,
          group.map(([id]) => id),
          context,
        );
        const missing = group.filter((_, index) => found[index]?.version === 0);
        const orders = missing.flatMap(([id, commands]) => commands.map((command) => ({ id, command })));
        const outcomes = await store.handleAll(definition, context, orders);
        const refusal = outcomes.find((outcome) => outcome instanceof DomainError);
        if (refusal) throw refusal;
        created += missing.length;
      }
      return created;
    },
  };
}

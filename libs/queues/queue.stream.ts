import { type Membership, memberProjection } from '#libs/agents/membership.published.js';
import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { decideQueue, evolveQueue, type QueueCommand, type Queue, type QueueEvent } from './queue.rules.js';
import { shownQueue } from './queue.shown.js';

/** Allows one default queue for each organization, also when two become the default concurrently. */
export const DEFAULT_QUEUE_INDEX = 'queues_default';

/** The members of queues. */
export const QUEUE_MEMBERS: Membership = { table: 'queue_members', entity: 'queue_id' };

export const queueStream: StreamDefinition<Queue | undefined, QueueEvent, QueueCommand> = {
  category: 'queue',
  types: {
    QueueCreated: true,
    QueueUpdated: true,
    QueueDeleted: true,
    QueueMembersAssigned: true,
    QueueMembersRemoved: true,
  },
  initialState: undefined,
  shape: 1,
  creates: 'CreateQueue',
  decide: decideQueue,
  evolve: evolveQueue,
  row: {
    table: 'queues',
    shown: shownQueue,
    columns: {
      name: { of: ({ settings }) => settings.name },
      is_default: { of: ({ settings }) => settings.isDefault },
    },
  },
  projections: [
    memberProjection<QueueEvent>(QUEUE_MEMBERS, {
      QueueMembersAssigned: 'add',
      QueueMembersRemoved: 'remove',
      QueueDeleted: 'clear',
    }),
  ],
};

import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { type Queue, type QueueEvent } from './queue.rules.js';
import { queueStream } from './queue.stream.js';

const queueExample = {
  id: EXAMPLE_IDS.queue,
  name: 'Support',
  is_default: false,
  call_functionality: false,
  is_restricted: false,
  priority: 1,
};

const queueSchema = {
  type: 'object',
  required: ['id', 'name', 'is_default', 'call_functionality', 'is_restricted', 'priority'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    name: { type: 'string' },
    is_default: { type: 'boolean' },
    call_functionality: { type: 'boolean' },
    is_restricted: { type: 'boolean' },
    priority: { type: ['integer', 'null'] },
  },
  additionalProperties: false,
};

function queueEvent(description: string): WebhookEventType<Queue> {
  return {
    version: '1',
    description,
    stream: queueStream,
    data: (queue) => ({ queue: shown(queue) }),
    filterFields: { QueueId: ({ id }) => id },
    example: { queue: queueExample },
    schema: {
      type: 'object',
      required: ['queue'],
      properties: { queue: queueSchema },
      additionalProperties: false,
    },
  };
}

type MembersEvent = Extract<QueueEvent, { type: 'QueueMembersAssigned' | 'QueueMembersRemoved' }>;

function membersEvent(description: string): WebhookEventType<Queue, MembersEvent['data']> {
  return {
    ...queueEvent(description),
    data: (queue, event) => ({ queue: shown(queue), agent_ids: event.data.agentIds }),
    example: { queue: queueExample, agent_ids: [EXAMPLE_IDS.agent] },
    schema: {
      type: 'object',
      required: ['queue', 'agent_ids'],
      properties: {
        queue: queueSchema,
        agent_ids: { type: 'array', items: { type: 'string', format: 'uuid' }, minItems: 1 },
      },
      additionalProperties: false,
    },
  };
}

function shown({ id, settings }: Queue) {
  const { name, isDefault, callFunctionality, isRestricted = false, priority = null } = settings;
  return {
    id,
    name,
    is_default: isDefault,
    call_functionality: callFunctionality,
    is_restricted: isRestricted,
    priority,
  };
}

export const QUEUE_EVENTS = {
  QueueCreated: queueEvent('A queue was created.'),
  QueueUpdated: queueEvent('Settings of a queue were changed.'),
  QueueDeleted: queueEvent('A queue was deleted. It is shown as it was before.'),
  QueueMembersAssigned: membersEvent('Agents became members of a queue.'),
  QueueMembersRemoved: membersEvent('Agents were removed from a queue.'),
} as const;

import { type Resource } from '#libs/resources/resource.js';
import { queueStream } from './queue.stream.js';
import { QUEUE_EVENTS } from './queue.webhooks.js';

export const queuesResource = {
  path: 'queues',
  group: { name: 'Queues', description: 'Where conversations wait for agents, and who their agents are.' },
  streams: [queueStream],
  entity: { name: 'Queue', id: 'queueId', stream: queueStream },
  webhookEvents: QUEUE_EVENTS,
} as const satisfies Resource;

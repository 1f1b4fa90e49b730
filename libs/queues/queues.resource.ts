import { type Resource } from '#libs/resources/resource.js';
import { queueStream } from './queue.stream.js';
import { QUEUE_EVENTS } from './queue.webhooks.js';

export const queuesResource = {
  path: 'queues',
  group: { name: 'Queues', description: 'Queues in which conversations wait for agents, and their members.' },
  streams: [queueStream],
  entity: { name: 'Queue', id: 'queueId', stream: queueStream },
  webhookEvents: QUEUE_EVENTS,
} as const satisfies Resource;

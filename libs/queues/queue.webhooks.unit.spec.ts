import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type RecordedEvent } from '#libs/event-store/event.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { NOTHING_RELATED } from '#libs/webhooks/events/referenced-entities.published.js';
import { evolveQueue, type Queue, type QueueEvent } from './queue.rules.js';
import { QUEUE_EVENTS } from './queue.webhooks.js';

const id = '01980f63-1e2f-7a35-8b70-4d5e6f708192';
const agentIds = ['01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5'];
const required = { name: 'Support', isDefault: true, callFunctionality: false, isDoNotOfferEnabled: false };
const created: QueueEvent = {
  type: 'QueueCreated',
  data: { id, ...required, queueThresholds: {}, doNotOfferTimeouts: {} },
};
const changed: QueueEvent = { type: 'QueueUpdated', data: { id, changes: { priority: 3, isRestricted: true } } };
const bare = {
  id,
  name: 'Support',
  is_default: true,
  call_functionality: false,
  is_restricted: false,
  priority: null,
};
const full = { ...bare, is_restricted: true, priority: 3 };

describe('The payload of a queue event', () => {
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);

  it.each<[QueueEvent, QueueEvent[], object]>([
    [created, [created], { queue: bare }],
    [changed, [created, changed], { queue: full }],
    [{ type: 'QueueDeleted', data: { id } }, [created, changed], { queue: full }],
    [{ type: 'QueueMembersAssigned', data: { id, agentIds } }, [created], { queue: bare, agent_ids: agentIds }],
    [{ type: 'QueueMembersRemoved', data: { id, agentIds } }, [created, changed], { queue: full, agent_ids: agentIds }],
  ])('of $type shows the queue as its schema says', (event, history, expected) => {
    const type: WebhookEventType<Queue> = QUEUE_EVENTS[event.type];
    const queue = history.reduce<Queue | undefined>(evolveQueue, undefined) as Queue;
    const data = type.data(queue, event as RecordedEvent & { data: object }, NOTHING_RELATED);
    expect(data).toEqual(expected);
    const validate = ajv.compile(type.schema);
    expect(validate(data) || validate.errors).toBe(true);
    expect(type.filterFields?.QueueId?.(queue, event as RecordedEvent)).toBe(id);
  });
});

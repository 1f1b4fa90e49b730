import { samplesOf } from '#libs/testing/projected.js';
import { type QueueEvent } from './queue.rules.js';
import { queueStream } from './queue.stream.js';

const id = '01980f6c-7e3f-7c32-9d4e-5f6071829304';
const [alice, bob] = ['01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5', '01980f5c-88b2-7c13-8705-a1d2e3f4b5c6'];
const created: QueueEvent = {
  type: 'QueueCreated',
  data: {
    id,
    name: 'Support',
    isDefault: true,
    callFunctionality: false,
    isDoNotOfferEnabled: false,
    queueThresholds: {},
    doNotOfferTimeouts: {},
    priority: 1,
  },
};
const assigned: QueueEvent = { type: 'QueueMembersAssigned', data: { id, agentIds: [alice, bob] } };
const queues = [{ id, name: 'Support', is_default: true }];

export const queueSamples = samplesOf(queueStream, id, {
  'a new queue': { given: [created], then: { queues } },
  'a queue whose settings were changed': {
    given: [
      created,
      { type: 'QueueUpdated', data: { id, changes: { name: 'Sales', isDefault: false, priority: null } } },
    ],
    then: { queues: [{ name: 'Sales', is_default: false, version: 2 }] },
  },
  'the members of a queue': {
    given: [created, assigned],
    then: { queues, queue_members: [{ queue_id: id, agent_id: alice }, { agent_id: bob }] },
  },
  'no member that was removed': {
    given: [created, assigned, { type: 'QueueMembersRemoved', data: { id, agentIds: [bob] } }],
    then: { queues, queue_members: [{ agent_id: alice }] },
  },
  'nothing of a queue that was deleted': {
    given: [created, assigned, { type: 'QueueDeleted', data: { id } }],
    then: {},
  },
});

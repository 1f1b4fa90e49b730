import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { decideQueue, evolveQueue, type QueueCommand, type QueueEvent, type QueueSettings } from './queue.rules.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const [anna, ben, carl] = ['a', 'b', 'c'].map((digit) => `01980f5c-77a1-7b02-b6f4-90c1d2e3f4a${digit}`) as [
  string,
  string,
  string,
];
const settings: QueueSettings = {
  name: 'Support',
  isDefault: false,
  callFunctionality: false,
  isDoNotOfferEnabled: true,
  queueThresholds: { SlaPercentage: 80 },
  doNotOfferTimeouts: { Email: 60 },
  priority: 5,
};
const created: QueueEvent = { type: 'QueueCreated', data: { id, ...settings } };
const createdAsDefault: QueueEvent = { type: 'QueueCreated', data: { id, ...settings, isDefault: true } };
const updated = (changes: Extract<QueueEvent, { type: 'QueueUpdated' }>['data']['changes']): QueueEvent => ({
  type: 'QueueUpdated',
  data: { id, changes },
});
const assigned = (...agentIds: string[]): QueueEvent => ({ type: 'QueueMembersAssigned', data: { id, agentIds } });
const removed = (...agentIds: string[]): QueueEvent => ({ type: 'QueueMembersRemoved', data: { id, agentIds } });
const deleted: QueueEvent = { type: 'QueueDeleted', data: { id } };
const change = (type: 'AssignQueueMembers' | 'RemoveQueueMembers', agentIds: string[], members: string[] = []) =>
  ({ type, id, agentIds, members, missing: [] }) satisfies QueueCommand;
const assign = (agentIds: string[], members?: string[]) => change('AssignQueueMembers', agentIds, members);
const remove = (agentIds: string[], members?: string[]) => change('RemoveQueueMembers', agentIds, members);
const queue = given({ decide: decideQueue, evolve: evolveQueue, initialState: undefined });

describe('A queue', () => {
  it('is created with its settings, its name without outer space, and without members', () => {
    queue()
      .when({ type: 'CreateQueue', id, settings: { ...settings, name: ' Support ' } })
      .then([created]);
    expect(queue(created).state).toEqual({ id, settings });
  });

  it('is created once', () => {
    queue(created)
      .when({ type: 'CreateQueue', id, settings })
      .then(new DomainError('conflict', `Queue ${id} exists`));
  });

  it('is updated by what really changes', () => {
    const changes = { name: ' Sales', priority: 5, isRestricted: true, wrapupTimeout: null, offerTimeout: undefined };
    const event = updated({ name: 'Sales', isRestricted: true });
    queue(created).when({ type: 'UpdateQueue', id, changes }).then([event]);
    expect(queue(created, event).state?.settings).toMatchObject({ name: 'Sales', isRestricted: true, priority: 5 });
  });

  it('does not change when it has the wanted settings', () => {
    queue(created).when({ type: 'UpdateQueue', id, changes: {} }).then([]);
    queue(created).when({ type: 'UpdateQueue', id, changes: settings }).then([]);
  });

  it('loses what is cleared, but always has its two maps', () => {
    const changes = { priority: null, queueThresholds: null, doNotOfferTimeouts: null };
    const event = updated({ priority: null, queueThresholds: {}, doNotOfferTimeouts: {} });
    queue(created).when({ type: 'UpdateQueue', id, changes }).then([event]);
    const after = queue(created, event).state?.settings;
    expect(after).toMatchObject({ queueThresholds: {}, doNotOfferTimeouts: {} });
    expect(after).not.toHaveProperty('priority');
  });

  it('becomes the default queue and ceases to be it', () => {
    const [on, off] = [updated({ isDefault: true }), updated({ isDefault: false })];
    queue(created)
      .when({ type: 'UpdateQueue', id, changes: { isDefault: true } })
      .then([on]);
    queue(created, on)
      .when({ type: 'UpdateQueue', id, changes: { isDefault: false } })
      .then([off]);
  });

  it('is deleted unless it is the default queue', () => {
    queue(created).when({ type: 'DeleteQueue', id }).then([deleted]);
    expect(queue(created, deleted).state).toBeUndefined();
    const error = new DomainError('conflict', `Queue ${id} is the default queue; make another queue the default first`);
    queue(createdAsDefault).when({ type: 'DeleteQueue', id }).then(error);
    queue(createdAsDefault, updated({ isDefault: false }))
      .when({ type: 'DeleteQueue', id })
      .then([deleted]);
  });

  it('gets members, each once', () => {
    queue(created)
      .when(assign([anna, ben]))
      .then([assigned(anna, ben)]);
    queue(created)
      .when(assign([anna, ben], [anna]))
      .then([assigned(ben)]);
    queue(created)
      .when(assign([anna], [anna]))
      .then([]);
  });

  it('loses members, and those alone', () => {
    queue(created)
      .when(remove([carl, ben], [ben]))
      .then([removed(ben)]);
    queue(created)
      .when(remove([anna]))
      .then([]);
    queue(created)
      .when({ ...remove([anna, carl], [anna]), missing: [carl] })
      .then(notFound('Agent', carl));
  });

  it('is the same with members and without', () => {
    expect(queue(created, assigned(anna, ben), removed(ben)).state).toEqual(queue(created).state);
  });

  it('must exist for everything but its creation', () => {
    const commands: QueueCommand[] = [
      { type: 'UpdateQueue', id, changes: {} },
      { type: 'DeleteQueue', id },
      assign([anna]),
      remove([anna]),
    ];
    for (const command of commands) {
      queue().when(command).then(notFound('Queue', id));
      queue(created, assigned(anna), deleted).when(command).then(notFound('Queue', id));
    }
  });
});

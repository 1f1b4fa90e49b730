import { invalidBody, notFound } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import { type AgentCommand, type AgentEvent, decideAgent, evolveAgent, NO_SETTINGS } from './agent.rules.js';

const id = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const createdAt = RECORDED.recordedAt.toISOString();
const email = 'alice@brown.example';
const settings = {
  displayName: 'Alice Brown',
  phoneNumber: '+4570123456',
  additionalEmails: ['alice@work.example'],
  additionalPhoneNumbers: [],
  middleNames: [],
};
const created: AgentEvent = { type: 'AgentCreated', data: { id, createdAt, email, ...settings, roles: ['Agent'] } };
const agent = given({ decide: decideAgent, evolve: evolveAgent, initialState: undefined });
const update = (changes: AgentCommand & { type: 'UpdateAgent' } extends { changes: infer C } ? C : never) =>
  ({ type: 'UpdateAgent', id, changes }) as const;

describe('An agent', () => {
  it('is created in the role of an agent', () => {
    agent().when({ type: 'CreateAgent', id, email, settings }).then([created]);
    expect(agent(created).state).toEqual({ id, createdAt, email, ...settings, roles: ['Agent'] });
  });

  it('is updated in what really changes', () => {
    const changes = { displayName: 'Alice Green', phoneNumber: null, firstName: 'Alice' };
    const updated: AgentEvent = { type: 'AgentUpdated', data: { id, changes } };
    agent(created)
      .when(update({ ...changes, additionalEmails: ['alice@work.example'], lastName: null, middleNames: [] }))
      .then([updated]);
    const { state } = agent(created, updated);
    expect(state).toEqual({ ...created.data, displayName: 'Alice Green', firstName: 'Alice', phoneNumber: undefined });
    expect(state).not.toHaveProperty('phoneNumber');
  });

  it('is cleared of what a replacement leaves out', () => {
    const changes = { phoneNumber: null, additionalEmails: [] };
    agent(created)
      .when(update({ ...NO_SETTINGS, displayName: 'Alice Brown' }))
      .then([{ type: 'AgentUpdated', data: { id, changes } }]);
  });

  it('does not change when nothing is new', () => {
    agent(created).when(update(settings)).then([]);
    agent(created).when(update({})).then([]);
  });

  it('has no address twice', () => {
    const fault = (path: string) => invalidBody([{ path, message: 'must not contain an address twice' }]);
    agent(created)
      .when(update({ additionalEmails: [email] }))
      .then(fault('additionalEmails'));
    agent(created)
      .when(update({ additionalPhoneNumbers: ['+4570123456'] }))
      .then(fault('additionalPhoneNumbers'));
  });

  it('must exist to be updated or removed', () => {
    const removed: AgentEvent = { type: 'AgentRemoved', data: { id } };
    agent(created).when({ type: 'RemoveAgent', id }).then([removed]);
    for (const gone of [agent(), agent(created, removed)]) {
      gone.when(update({ displayName: 'x' })).then(notFound('Agent', id));
      gone.when({ type: 'RemoveAgent', id }).then(notFound('Agent', id));
    }
  });
});

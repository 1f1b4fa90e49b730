import { samplesOf } from '#libs/testing/projected.js';
import { type AgentEvent } from './agent.rules.js';
import { agentStream } from './agent.stream.js';

const id = '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5';
const created: AgentEvent = {
  type: 'AgentCreated',
  data: {
    id,
    createdAt: '2026-03-14T09:26:53.589Z',
    displayName: 'Alice',
    email: 'Alice@x.example',
    additionalEmails: ['a@y.example'],
    additionalPhoneNumbers: [],
    middleNames: [],
    roles: ['Agent'],
  },
};
const ofAlice = { agent_id: id, field: 'email', address: 'alice@x.example' };

export const agentSamples = samplesOf(agentStream, id, {
  'a new agent with all addresses, in lower case': {
    given: [created],
    then: {
      agents: [{ id, email: 'Alice@x.example', email_key: 'alice@x.example', display_name: 'Alice', roles: ['Agent'] }],
      agent_addresses: [{ field: 'additionalEmails', address: 'a@y.example' }, ofAlice],
    },
  },
  'an agent whose fields were changed': {
    given: [
      created,
      { type: 'AgentUpdated', data: { id, changes: { phoneNumber: '+4570123456', additionalEmails: [] } } },
    ],
    then: {
      agents: [{ phone_number: '+4570123456', version: 2 }],
      agent_addresses: [ofAlice, { field: 'phoneNumber', address: '+4570123456' }],
    },
  },
  'nothing of an agent who was removed': { given: [created, { type: 'AgentRemoved', data: { id } }], then: {} },
});

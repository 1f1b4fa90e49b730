import { type ApiClient } from './api-client.js';

/**
 * The entities that conversations need: agents, a default queue and another one, a tag, and an end user with addresses.
 */
export interface SupportTeam {
  agentId: string;
  otherAgentId: string;
  queueId: string;
  otherQueueId: string;
  userId: string;
  tagId: string;
}

const queue = (name: string, isDefault: boolean) => ({
  request: { name, isDefault, callFunctionality: false, isDoNotOfferEnabled: false },
});

export async function createSupportTeam(api: ApiClient): Promise<SupportTeam> {
  const agent = (name: string) => api.create('/v1/agents', { displayName: name, email: `${name}@acme.example` });
  const [bob, carol, support, billing, alice, tagId] = await Promise.all([
    agent('bob'),
    agent('carol'),
    api.create('/v1/queues', queue('Support', true)),
    api.create('/v1/queues', queue('Billing', false)),
    api.create('/v1/endusers', { displayName: 'Alice', email: 'alice@brown.example', phoneNumber: '+4570123456' }),
    api.createTag('VIP'),
  ]);
  return {
    agentId: bob.id,
    otherAgentId: carol.id,
    queueId: support.id,
    otherQueueId: billing.id,
    userId: alice.id,
    tagId,
  };
}

const text = (value: string) => ({ _type: 'Text', value });

/** Returns an e-mail conversation that an end user begins. */
export const emailFrom = (requesterId: string, more: object = {}) => ({
  _type: 'Email',
  requesterId,
  emailIntegrationId: 'support@acme.example',
  subject: 'Where is my order?',
  message: { _type: 'Inbound', content: text('It has not arrived.') },
  ...more,
});

/** Returns a message from an agent. */
export const outboundBy = (agentId: string) => ({ _type: 'Outbound', agentId, content: text('Hello') });

/** Returns a message from an end user. */
export const inbound = (value = 'Hello') => ({ _type: 'Inbound', content: text(value) });

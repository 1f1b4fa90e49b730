import { conversation, endUser } from '../people-data.mjs';

let named = 0;

/**
 * Returns kinds of entities whose streams grow: how to create one, its path, and the request that causes its next
 * event. The first event is number 1.
 * @returns kinds; `reads` are further reads by label, below the entity's path; `relayed` are the webhook events that their requests cause
 */
export async function kindsOf(api) {
  const agentId = await api.create('/v1/agents', { displayName: 'Agent', email: 'agent@acme.example' });
  const tagId = await api.create('/v1/tags', { name: 'Grows' });
  const requesterId = await api.create('/v1/endusers', endUser(0));
  return [
    {
      label: 'Patch end user',
      path: '/v1/endusers',
      input: () => ({ displayName: 'End User' }),
      write: (id, number) => ['PATCH', `/v1/endusers/${id}`, { displayName: `Name ${number}` }],
      relayed: ['EndUserUpdated'],
    },
    {
      label: 'Add or remove team member',
      path: '/v1/teams',
      input: () => ({ name: `Team ${++named}` }),
      write: (id, number) => [number % 2 ? 'DELETE' : 'PATCH', `/v1/teams/${id}/agents`, { agentIds: [agentId] }],
    },
    {
      label: 'Add or remove tag of conversation',
      path: '/v1/conversations',
      input: () => conversation(requesterId, ++named),
      write: (id, number) => [number % 2 ? 'DELETE' : 'PUT', `/v1/conversations/${id}/tags/${tagId}`],
      relayed: ['ConversationTagAdded', 'ConversationTagRemoved'],
    },
    {
      label: 'Add message to conversation',
      path: '/v1/conversations',
      input: () => conversation(requesterId, ++named),
      write: (id, number) => [
        'POST',
        `/v1/conversations/${id}/messages`,
        { _type: 'Inbound', content: { _type: 'Text', value: `Message ${number}: my order has not arrived.` } },
      ],
      reads: { 'first page of messages': '/messages?pageLimit=10', 'activity log': '/activitylog?pageLimit=10' },
      relayed: ['ConversationMessageAdded'],
    },
    {
      label: 'Patch webhook subscription',
      path: '/v1/webhooks',
      input: () => subscription({ enabled: false, events: ['TagCreated'] }),
      write: (id, number) => ['PATCH', `/v1/webhooks/${id}`, { name: `Name ${number}` }],
    },
  ];
}

/** Returns a subscription with at most one delivery per second, so that relayed events are sent later. */
export function subscription(fields) {
  const url = 'http://127.0.0.1:9/';
  return { name: `Subscription ${++named}`, url, authorization: { _type: 'NoAuth' }, maxPerSecond: 1, ...fields };
}

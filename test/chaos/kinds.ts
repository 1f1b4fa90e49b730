import { type SupportTeam, emailFrom } from '../support/support-team.js';

/** A write that always changes what was read, and the type of its event. */
export interface Change {
  method: 'PUT' | 'PATCH' | 'DELETE';
  /** The rest of the path, after the entity's. */
  suffix: string;
  body?: object;
  event: string;
}

/** A kind of entity, and the requests that clients send. */
export interface Kind {
  /** The first part of its streams' names. */
  category: string;
  path: string;
  /** The path of its agents, after the entity's. */
  agents?: string;
  /** @param mark a word that no other write uses */
  create: (mark: string, team: SupportTeam) => object;
  created: string;
  /** @param read the data of the GET, with the ids of its agents */
  change: (read: any, mark: string, team: SupportTeam) => Change;
  /** The event type of its removal, if it can be removed. */
  removed?: string;
}

const rename = (method: 'PUT' | 'PATCH', field: string, event: string) => (_read: unknown, mark: string) => ({
  method,
  suffix: '',
  body: { [field]: mark },
  event,
});

/** Returns the change that adds one of the team's agents, or removes that agent again. */
function toggleAgent({ agentIds }: { agentIds: string[] }, _mark: string, { agentId }: SupportTeam): Change {
  const body = { agentIds: [agentId] };
  return agentIds.includes(agentId)
    ? { method: 'DELETE', suffix: '/agents', body, event: 'TeamMembersRemoved' }
    : { method: 'PATCH', suffix: '/agents', body, event: 'TeamMembersAdded' };
}

export const KINDS: Kind[] = [
  {
    category: 'tag',
    path: '/v1/tags',
    create: (name) => ({ name }),
    created: 'TagCreated',
    change: ({ state }) =>
      state === 'Active'
        ? { method: 'PATCH', suffix: '/deactivate', event: 'TagDeactivated' }
        : { method: 'PATCH', suffix: '/activate', event: 'TagActivated' },
    removed: 'TagDeleted',
  },
  {
    category: 'team',
    path: '/v1/teams',
    agents: '/agents',
    create: (name) => ({ name }),
    created: 'TeamCreated',
    change: toggleAgent,
    removed: 'TeamDeleted',
  },
  {
    category: 'queue',
    path: '/v1/queues',
    create: (name) => ({
      request: { name, callFunctionality: false, isDefault: false, isDoNotOfferEnabled: false },
    }),
    created: 'QueueCreated',
    change: rename('PATCH', 'name', 'QueueUpdated'),
    removed: 'QueueDeleted',
  },
  {
    category: 'agent',
    path: '/v1/agents',
    create: (mark) => ({ displayName: mark, email: `${mark}@acme.example` }),
    created: 'AgentCreated',
    change: rename('PATCH', 'displayName', 'AgentUpdated'),
    removed: 'AgentRemoved',
  },
  {
    category: 'endUser',
    path: '/v1/endusers',
    create: (displayName) => ({ displayName }),
    created: 'EndUserCreated',
    change: rename('PUT', 'displayName', 'EndUserUpdated'),
  },
  {
    category: 'customAttribute',
    path: '/v1/custom-attributes',
    create: (mark) => ({
      entityType: 'Contact',
      identifier: mark,
      label: mark,
      inputDefinition: { _type: 'Text' },
    }),
    created: 'CustomAttributeCreated',
    change: rename('PATCH', 'label', 'CustomAttributeUpdated'),
  },
  {
    category: 'conversation',
    path: '/v1/conversations',
    create: (subject, { userId }) => emailFrom(userId, { subject }),
    created: 'ConversationCreated',
    change: ({ state }) =>
      state === 'Closed'
        ? { method: 'PUT', suffix: '/reopen', body: {}, event: 'ConversationOpen' }
        : { method: 'PUT', suffix: '/close', body: {}, event: 'ConversationClosed' },
  },
  {
    category: 'webhookSubscription',
    path: '/v1/webhooks',
    create: (name) => ({ name, url: 'http://127.0.0.1:9/', events: [], authorization: { _type: 'NoAuth' } }),
    created: 'WebhookSubscriptionCreated',
    change: rename('PATCH', 'name', 'WebhookSubscriptionUpdated'),
    removed: 'WebhookSubscriptionDeleted',
  },
];

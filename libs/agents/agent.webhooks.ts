import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { CONVERSATION_CHANNELS } from '#libs/platform/channels.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { fullyQualifiedName } from '#libs/webhooks/events/fully-qualified-name.published.js';
import { type Agent } from './agent.rules.js';
import { agentStream } from './agent.stream.js';
import { CONNECTION_STATUSES, type Presence, PRESENCE_STATUSES } from './presence.rules.js';
import { presenceStream } from './presence.stream.js';

const AGENT_ID = EXAMPLE_IDS.agent;

const agentSchema = {
  type: 'object',
  required: ['agent'],
  properties: {
    agent: {
      type: 'object',
      required: ['id', 'name', 'email', 'phone', 'roles', 'user_type'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        name: { type: 'string' },
        email: { type: 'string' },
        phone: { type: ['string', 'null'] },
        roles: { type: 'array', items: { enum: ['AGENT'] } },
        user_type: { const: 'Member' },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

function agentEvent(description: string): WebhookEventType<Agent> {
  return {
    version: '1',
    description,
    stream: agentStream,
    shows: ['agent'],
    data: ({ id, displayName, email, phoneNumber, roles }) => ({
      agent: {
        id,
        name: displayName,
        email,
        phone: phoneNumber ?? null,
        roles: roles.map(fullyQualifiedName),
        user_type: 'Member',
      },
    }),
    example: {
      agent: {
        id: AGENT_ID,
        name: 'Alice Brown',
        email: 'alice@brown.example',
        phone: '+4570123456',
        roles: ['AGENT'],
        user_type: 'Member',
      },
    },
    schema: agentSchema,
  };
}

const presenceChanged: WebhookEventType<Presence> = {
  version: '1',
  description:
    'An agent came online, went offline (also because heartbeats stopped), or changed the status or the channels.',
  stream: presenceStream,
  data: ({ agentId, connectionStatus, presenceStatus, activeChannels, lastSeen }) => ({
    presence: {
      agent_id: agentId,
      connection_status: fullyQualifiedName(connectionStatus),
      presence_status: presenceStatus ? fullyQualifiedName(presenceStatus) : null,
      active_channels: activeChannels.map(fullyQualifiedName),
      last_seen: lastSeen ?? null,
    },
  }),
  example: {
    presence: {
      agent_id: AGENT_ID,
      connection_status: 'ONLINE',
      presence_status: 'WORKING',
      active_channels: ['EMAIL', 'WIDGET_CHAT'],
      last_seen: '2026-03-14T09:26:53.589Z',
    },
  },
  schema: {
    type: 'object',
    required: ['presence'],
    properties: {
      presence: {
        type: 'object',
        required: ['agent_id', 'connection_status', 'presence_status', 'active_channels', 'last_seen'],
        properties: {
          agent_id: { type: 'string', format: 'uuid' },
          connection_status: { enum: CONNECTION_STATUSES.map(fullyQualifiedName) },
          presence_status: { enum: [...PRESENCE_STATUSES.map(fullyQualifiedName), null] },
          active_channels: { type: 'array', items: { enum: CONVERSATION_CHANNELS.map(fullyQualifiedName) } },
          last_seen: { type: ['string', 'null'], format: 'date-time' },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
};

export const AGENT_EVENTS = {
  AgentCreated: agentEvent('An agent was created.'),
  AgentUpdated: agentEvent('An agent was changed.'),
  AgentRemoved: agentEvent('An agent was removed.'),
  AgentPresenceChanged: presenceChanged,
} as const;

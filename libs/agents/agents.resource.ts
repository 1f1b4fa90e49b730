import { type Resource } from '#libs/resources/resource.js';
import { agentStream } from './agent.stream.js';
import { AGENT_EVENTS } from './agent.webhooks.js';
import { presenceStream } from './presence.stream.js';

export const agentsResource = {
  path: 'agents',
  group: { name: 'Agents', description: 'The agents who answer conversations, and their presence.' },
  streams: [agentStream, presenceStream],
  entity: { name: 'Agent', id: 'agentId', stream: agentStream, note: 'Presence is not included.' },
  webhookEvents: AGENT_EVENTS,
} as const satisfies Resource;

import { agentStream } from '#libs/agents/agent.projection.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { organizationStream } from '#libs/organizations/organization.projection.js';
import { queueStream } from '#libs/queues/queue.projection.js';
import { tagStream } from '#libs/tags/tag.projection.js';
import { subscriptionStream } from '#libs/webhooks/subscription.projection.js';

/** Every kind of stream that the store keeps. */
export const STREAMS: AnyStreamDefinition[] = [
  agentStream,
  organizationStream,
  queueStream,
  tagStream,
  subscriptionStream,
];

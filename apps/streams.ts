import { agentStream } from '#libs/agents/agent.projection.js';
import { presenceStream } from '#libs/agents/presence.projection.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { organizationStream } from '#libs/organizations/organization.projection.js';
import { tagStream } from '#libs/tags/tag.projection.js';
import { teamStream } from '#libs/teams/team.projection.js';
import { subscriptionStream } from '#libs/webhooks/subscription.projection.js';

/** Every kind of stream that the store keeps. */
export const STREAMS: AnyStreamDefinition[] = [
  agentStream,
  presenceStream,
  organizationStream,
  tagStream,
  teamStream,
  subscriptionStream,
];

import { type AnyStreamDefinition, tablesOf } from '#libs/event-store/stream-definition.js';
import { anonymizationStream } from '#libs/anonymization/anonymization.projection.js';
import { agentStream } from '#libs/agents/agent.projection.js';
import { presenceStream } from '#libs/agents/presence.projection.js';
import { conversationStream } from '#libs/conversations/conversation.projection.js';
import { customAttributeStream } from '#libs/custom-attributes/custom-attribute.projection.js';
import { endUserStream } from '#libs/end-users/end-user.projection.js';
import { apiTokenStream } from '#libs/organizations/api-token.projection.js';
import { organizationStream } from '#libs/organizations/organization.projection.js';
import { queueStream } from '#libs/queues/queue.projection.js';
import { tagStream } from '#libs/tags/tag.projection.js';
import { teamStream } from '#libs/teams/team.projection.js';
import { recoveryStream } from '#libs/webhooks/recovery.projection.js';
import { subscriptionStream } from '#libs/webhooks/subscription.projection.js';

/** Every kind of stream that the store keeps. */
export const STREAMS: AnyStreamDefinition[] = [
  anonymizationStream,
  agentStream,
  apiTokenStream,
  presenceStream,
  conversationStream,
  customAttributeStream,
  endUserStream,
  organizationStream,
  queueStream,
  tagStream,
  teamStream,
  recoveryStream,
  subscriptionStream,
];

/** Every read table, with the kind of stream that it is made from. */
export const READ_TABLES = STREAMS.flatMap((stream) => tablesOf(stream).map((table) => ({ stream, table })));

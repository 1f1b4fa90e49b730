import { agentStream } from '#libs/agents/agent.projection.js';
import { conversationStream } from '#libs/conversations/conversation.projection.js';
import { customAttributeStream } from '#libs/custom-attributes/custom-attribute.projection.js';
import { endUserStream } from '#libs/end-users/end-user.projection.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { apiTokenStream } from '#libs/organizations/api-token.projection.js';
import { IntegerParam, UuidParam } from '#libs/platform/http/path-params.js';
import { queueStream } from '#libs/queues/queue.projection.js';
import { tagStream } from '#libs/tags/tag.projection.js';
import { teamStream } from '#libs/teams/team.projection.js';
import { subscriptionStream } from '#libs/webhooks/subscription.projection.js';

/** A resource whose entities have histories. */
export interface HistoryResource {
  /** Of one entity, without `/v1`; names the parameter of {@link id}. */
  path: string;
  id: ParameterDecorator;
  /** Its group in the API's document; without spaces, the first part of the operation's id. */
  group: string;
  /** What one entity is called. */
  entity: string;
  stream: AnyStreamDefinition;
  /**
   * The field of the events' data that names the entity in the organization's stream, where such events stood before the
   * entities had streams of their own.
   */
  formerlyBy?: string;
  /** What else there is to know. */
  note?: string;
}

export const HISTORY_RESOURCES: HistoryResource[] = [
  {
    path: 'endusers/:userId',
    id: UuidParam('userId', 'The end user id.'),
    group: 'End Users',
    entity: 'End user',
    stream: endUserStream,
  },
  {
    path: 'conversations/:conversationId',
    id: IntegerParam('conversationId', 'The conversation’s number.', 'Conversation'),
    group: 'Conversations',
    entity: 'Conversation',
    stream: conversationStream,
  },
  {
    path: 'agents/:agentId',
    id: UuidParam('agentId', 'The agent id.'),
    group: 'Agents',
    entity: 'Agent',
    stream: agentStream,
    note: 'Presence is no part of it.',
  },
  {
    path: 'teams/:teamId',
    id: UuidParam('teamId', 'The team id.'),
    group: 'Teams',
    entity: 'Team',
    stream: teamStream,
  },
  {
    path: 'queues/:queueId',
    id: UuidParam('queueId', 'The queue id.'),
    group: 'Queues',
    entity: 'Queue',
    stream: queueStream,
  },
  {
    path: 'tags/:tagId',
    id: UuidParam('tagId', 'The tag id.'),
    group: 'Tags',
    entity: 'Tag',
    stream: tagStream,
  },
  {
    path: 'custom-attributes/:customAttributeId',
    id: UuidParam('customAttributeId', 'The custom attribute id.'),
    group: 'Custom Attributes',
    entity: 'Custom attribute',
    stream: customAttributeStream,
  },
  {
    path: 'webhooks/:webhookSubscriptionId',
    id: UuidParam('webhookSubscriptionId', 'The webhook subscription id.'),
    group: 'Webhooks',
    entity: 'Webhook subscription',
    stream: subscriptionStream,
    note: 'Secrets are masked whatever the token may do.',
  },
  {
    path: 'tokens/:tokenId',
    id: UuidParam('tokenId', 'The token id.'),
    group: 'Tokens',
    entity: 'API token',
    stream: apiTokenStream,
    formerlyBy: 'tokenId',
    note: 'What precedes `ApiTokenAdopted` has versions of the organization’s stream.',
  },
];

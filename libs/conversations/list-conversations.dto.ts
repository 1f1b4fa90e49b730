import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { AttributeQuery } from '#libs/custom-attributes/attribute-query.published.js';
import { Choice, Uuid } from '#libs/http/fields.js';
import { QueryInstant } from '#libs/http/instant-fields.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '#libs/platform/channels.js';
import { type ConversationOrder, ORDERS } from './conversation-list.js';
import { STATES } from './conversation-outputs.dto.js';
import { type ConversationState } from './conversation.rules.js';

/** Declares one end of a period. */
const Period = (description: string, example: string) => QueryInstant({ description, example, optional: true });

/** The query of a list. Filters may be combined; all of them must hold. */
export class ListConversationsQuery extends AttributeQuery {
  @Choice({ description: 'Only conversations in this state.', example: 'Open', values: STATES, optional: true })
  state?: ConversationState;

  @Choice({
    description: 'Only conversations over this channel.',
    example: 'Email',
    values: CONVERSATION_CHANNELS,
    optional: true,
  })
  channel?: ConversationChannel;

  @Uuid({
    description: 'Only conversations whose last queue is this one, whether or not they wait in it.',
    example: EXAMPLE_IDS.queue,
    optional: true,
  })
  queueId?: string;

  @Uuid({
    description: 'Only conversations that are assigned to this agent.',
    example: EXAMPLE_IDS.agent,
    optional: true,
  })
  assigneeId?: string;

  @Uuid({ description: 'Only conversations of this end user.', example: EXAMPLE_IDS.endUser, optional: true })
  requesterId?: string;

  @Uuid({ description: 'Only conversations with this tag.', example: EXAMPLE_IDS.tag, optional: true })
  tagId?: string;

  @Period('Only conversations created at or after this instant.', '2026-03-01T00:00:00Z')
  createdSince?: string;

  @Period('Only conversations created before this instant.', '2026-04-01T00:00:00Z')
  createdUntil?: string;

  @Period('Only conversations created or changed at or after this instant.', '2026-03-14T00:00:00Z')
  updatedSince?: string;

  @Period('Only conversations that were last changed before this instant.', '2026-04-01T00:00:00Z')
  updatedUntil?: string;

  @Period('Only conversations that are closed since this instant or a later one.', '2026-03-14T00:00:00Z')
  closedSince?: string;

  @Period('Only conversations that were closed before this instant and still are.', '2026-04-01T00:00:00Z')
  closedUntil?: string;

  @Choice({
    description: 'The sort order, with `-` for descending. Default: `-createdAt`.',
    example: '-updatedAt',
    values: Object.keys(ORDERS),
    optional: true,
  })
  sort?: ConversationOrder;
}

import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';
import { fullyQualifiedName } from '#libs/webhooks/events/fully-qualified-name.published.js';
import { nullable, object } from '#libs/webhooks/events/payload-schemas.published.js';
import { type References, type ReferencedEntities } from '#libs/webhooks/events/referenced-entities.published.js';
import {
  agent,
  conversation,
  conversationSchema,
  ids,
  instant,
  named,
  requester,
  user,
  uuid,
} from './conversation-examples.js';
import { doerOf, authorOf, shownConversation } from './conversation-payload.js';
import { messageExample, messagePayload, messageSchema } from './message-payload.js';
import { type Conversation, type ConversationEvent, RATING_TYPES } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';

type DataOf<Type extends ConversationEvent['type']> = Extract<ConversationEvent, { type: Type }>['data'];

interface More<Type extends ConversationEvent['type']> {
  /** Returns further fields of the payload; `example` and `schema` describe them. */
  data: (data: DataOf<Type>, related: ReferencedEntities) => object;
  references: (data: DataOf<Type>) => References;
  example: object;
  schema: Record<string, object>;
}

/**
 * Returns a conversation's event type.
 * @param example how the example's conversation differs from the usual one
 * @param author the example's author
 */
function conversationEvent<Type extends ConversationEvent['type']>(
  description: string,
  example: object = {},
  more?: More<Type>,
  author: object | null = agent,
): WebhookEventType<Conversation, DataOf<Type>> {
  return {
    version: '1',
    description,
    stream: conversationStream,
    shows: ['agent', 'conversation', 'endUser'],
    data: (entity, event, related) => ({
      conversation: shownConversation(entity, related),
      author: authorOf(entity, event, related),
      ...more?.data(event.data as DataOf<Type>, related),
    }),
    references: (entity, event) => {
      const others = more?.references(event.data as DataOf<Type>) ?? {};
      const { assigneeId, queueId, requesterId, tagIds } = entity;
      const { id: doer } = doerOf(entity, event);
      return {
        endUserIds: [requesterId, doer].filter(isGiven),
        agentIds: [assigneeId, doer, ...(others.agentIds ?? [])].filter(isGiven),
        queueIds: [...(queueId ? [queueId] : []), ...(others.queueIds ?? [])],
        tagIds: [...tagIds, ...(others.tagIds ?? [])],
      };
    },
    filterFields: {
      InitialChannel: ({ channel }) => channel,
      OperationOrigin: (_, { metadata }) => (metadata.requestId ? 'Api' : 'System'),
      QueueId: ({ queueId }) => queueId,
    },
    example: { conversation: { ...conversation, ...example }, author, ...more?.example },
    schema: object({ conversation: conversationSchema, author: nullable(user), ...more?.schema }),
  };
}

const isGiven = (id: string | undefined) => id !== undefined;

type TagEvent = 'ConversationTagAdded' | 'ConversationTagRemoved';

const withTag: More<TagEvent> = {
  data: ({ tagId }, related) => ({ tag: related.tagName(tagId) }),
  references: ({ tagId }) => ({ tagIds: [tagId] }),
  example: { tag: 'VIP' },
  schema: { tag: { type: 'string' } },
};

const ratingExample = { id: EXAMPLE_IDS.rating, type: 'CSAT', agent };
const ratingFields = { id: uuid, type: { enum: RATING_TYPES.map(fullyQualifiedName) }, agent: user };

export const CONVERSATION_EVENTS = {
  ConversationCreated: conversationEvent(
    'A conversation was created.',
    { queue: null, tags: [] },
    undefined,
    requester,
  ),
  ConversationMessageAdded: conversationEvent<'ConversationMessageAdded'>(
    'A message was added to a conversation.',
    {},
    {
      data: (data) => ({ message: messagePayload(data) }),
      references: ({ authorId, direction }) => (direction === 'Outbound' ? { agentIds: [authorId] } : {}),
      example: { message: messageExample },
      schema: { message: messageSchema },
    },
    requester,
  ),
  ConversationMessageAnonymized: conversationEvent<'ConversationMessageAnonymized'>(
    'The content of a message was removed for good.',
    {},
    {
      data: ({ messageId }) => ({ message: { id: messageId } }),
      references: () => ({}),
      example: { message: { id: messageExample.id } },
      schema: { message: object({ id: uuid }) },
    },
  ),
  ConversationOpen: conversationEvent('A closed or pending conversation was opened again.'),
  ConversationClosed: conversationEvent('A conversation was closed.', { status: 'CLOSED', assignee: agent }),
  ConversationPending: conversationEvent<'ConversationPending'>(
    'A conversation was set aside until a time.',
    { status: 'PENDING', assignee: agent },
    {
      data: ({ until }) => ({ pending_until: until }),
      references: () => ({}),
      example: { pending_until: '2026-03-15T09:00:00.000Z' },
      schema: { pending_until: instant },
    },
  ),
  ConversationPendingExpired: conversationEvent(
    'The time until which a conversation was set aside is over.',
    { status: 'PENDING' },
    undefined,
    null,
  ),
  ConversationAssigned: conversationEvent('A conversation was assigned to an agent.', { assignee: agent }),
  ConversationUnassigned: conversationEvent<'ConversationUnassigned'>(
    'A conversation was unassigned from its agent.',
    {},
    {
      data: ({ agentId }, related) => ({ agent: related.agent(agentId) }),
      references: ({ agentId }) => ({ agentIds: [agentId] }),
      example: { agent },
      schema: { agent: user },
    },
  ),
  ConversationEnqueued: conversationEvent('A conversation was put in a queue.'),
  ConversationTransferred: conversationEvent<'ConversationTransferred'>(
    'A conversation was transferred to a queue.',
    {},
    {
      data: ({ fromQueueId, toQueueId }, related) => ({
        from_queue: fromQueueId ? related.queue(fromQueueId) : null,
        to_queue: related.queue(toQueueId),
      }),
      references: ({ fromQueueId, toQueueId }) => ({ queueIds: [...(fromQueueId ? [fromQueueId] : []), toQueueId] }),
      example: { from_queue: { id: ids.queue, name: 'Support' }, to_queue: { id: ids.otherQueue, name: 'Billing' } },
      schema: { from_queue: nullable(named), to_queue: named },
    },
  ),
  ConversationAbandoned: conversationEvent('A conversation was closed before an agent took it.'),
  ConversationTagAdded: conversationEvent<TagEvent>('A tag was put on a conversation.', {}, withTag),
  ConversationTagRemoved: conversationEvent<TagEvent>('A tag was taken off a conversation.', { tags: [] }, withTag),
  ConversationCustomAttributeUpdated: conversationEvent<'ConversationCustomAttributeUpdated'>(
    'Custom attributes of a conversation changed.',
    {},
    {
      data: ({ values }) => ({ custom_attributes: values ?? {} }),
      references: () => ({}),
      example: { custom_attributes: { [EXAMPLE_IDS.conversationAttribute]: ['business', 'gold'] } },
      schema: {
        custom_attributes: {
          type: 'object',
          additionalProperties: {
            anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, { type: 'null' }],
          },
        },
      },
    },
  ),
  ConversationNoteAdded: conversationEvent<'ConversationNoteAdded'>(
    'A note was added to a conversation.',
    {},
    {
      data: ({ noteId, createdAt, message }) => ({
        note: { id: noteId, created_at: createdAt, message: message ?? null },
      }),
      references: ({ authorId }) => ({ agentIds: [authorId] }),
      example: {
        note: {
          id: EXAMPLE_IDS.note,
          created_at: '2026-03-14T09:26:53.589Z',
          message: 'The customer called, too.',
        },
      },
      schema: { note: object({ id: uuid, created_at: instant, message: { type: ['string', 'null'] } }) },
    },
  ),
  ConversationRatingOffered: conversationEvent<'ConversationRatingOffered'>(
    'A rating was offered to the end user of a conversation.',
    {},
    {
      data: ({ ratingId, ratingType, agentId, offeredAt }, related) => ({
        rating: {
          id: ratingId,
          type: fullyQualifiedName(ratingType),
          agent: related.agent(agentId),
          offered_at: offeredAt,
        },
      }),
      references: ({ agentId }) => ({ agentIds: [agentId] }),
      example: { rating: { ...ratingExample, offered_at: '2026-03-14T10:05:00.000Z' } },
      schema: { rating: object({ ...ratingFields, offered_at: instant }) },
    },
  ),
  ConversationRated: conversationEvent<'ConversationRated'>(
    'An end user rated a conversation.',
    {},
    {
      data: ({ ratingId, ratingType, agentId, score, comment, submittedAt }, related) => ({
        rating: {
          id: ratingId,
          type: fullyQualifiedName(ratingType),
          agent: related.agent(agentId),
          score,
          comment: comment ?? null,
          rated_at: submittedAt,
        },
      }),
      references: ({ agentId }) => ({ agentIds: [agentId] }),
      example: {
        rating: { ...ratingExample, score: 5, comment: 'That was quick!', rated_at: '2026-03-14T10:07:12.000Z' },
      },
      schema: {
        rating: object({
          ...ratingFields,
          score: { type: 'integer' },
          comment: { type: ['string', 'null'] },
          rated_at: instant,
        }),
      },
    },
    requester,
  ),
  ConversationLinked: conversationEvent<'ConversationLinked'>(
    'A conversation was linked to another one.',
    {},
    {
      data: ({ parentId, linkType }) => ({ parent_csid: parentId, link_type: fullyQualifiedName(linkType) }),
      references: () => ({}),
      example: { parent_csid: 1041, link_type: 'RELATED' },
      schema: { parent_csid: { type: 'integer' }, link_type: { enum: ['RELATED', 'SIDE_CONVERSATION'] } },
    },
  ),
  ConversationEndUserReplaced: conversationEvent<'ConversationEndUserReplaced'>(
    'A conversation moved to another end user, because its own was merged into that one.',
    {},
    {
      data: ({ fromEndUserId }) => ({ replaced_end_user: { id: fromEndUserId } }),
      references: () => ({}),
      example: { replaced_end_user: { id: EXAMPLE_IDS.otherEndUser } },
      schema: { replaced_end_user: object({ id: uuid }) },
    },
  ),
  ConversationAnonymized: conversationEvent('The personal data of a conversation was removed for good.', {
    status: 'CLOSED',
    subject: null,
    requester: { ...requester, name: null, email: null, phone: null },
  }),
} as const;

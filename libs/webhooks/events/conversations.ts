import { conversationStream } from '#libs/conversations/conversation.projection.js';
import { type Conversation, type ConversationEvent } from '#libs/conversations/conversation.js';
import { qualifiedName } from '../names.js';
import { nullable, object } from './schemas.js';
import { type WebhookEventType } from '../event-type.js';
import { NOTHING_RELATED, type References, type Related } from '../related.js';

type DataOf<Type extends ConversationEvent['type']> = Extract<ConversationEvent, { type: Type }>['data'];

const ids = {
  queue: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f90',
  otherQueue: '01980f70-5d3c-7a42-8f0e-4b5c6d7e8f91',
  tag: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a',
};

const requester = {
  id: '01980f60-2b1a-7d10-8a53-6f0c9d1e2b3c',
  name: 'Alice Brown',
  email: 'alice@brown.example',
  phone: '+4570123456',
  roles: [],
  user_type: 'CONTACT',
};
const agent = {
  id: '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5',
  name: 'Bob Green',
  email: 'bob@acme.example',
  phone: null,
  roles: ['AGENT'],
  user_type: 'AGENT',
};
const conversation = {
  csid: 1042,
  channel: 'EMAIL',
  status: 'OPEN',
  direction: 'INBOUND',
  queue: { id: ids.queue, name: 'Support' },
  contact_point: 'support@acme.example',
  requester,
  assignee: null as object | null,
  subject: 'Where is my order?',
  tags: [{ id: ids.tag, name: 'VIP' }],
  created_at: '2026-03-14T09:26:53.589Z',
};

const uuid = { type: 'string', format: 'uuid' };
const instant = { type: 'string', format: 'date-time' };
const text = { type: ['string', 'null'] };

const user = object({
  id: uuid,
  name: text,
  email: text,
  phone: text,
  roles: { type: 'array', items: { type: 'string' } },
  user_type: { enum: ['AGENT', 'CONTACT'] },
});
const named = object({ id: uuid, name: text });
const conversationSchema = object({
  csid: { type: 'integer' },
  channel: { type: 'string' },
  status: { enum: ['OPEN', 'PENDING', 'AWAITING_PENDING', 'CLOSED'] },
  direction: { enum: ['INBOUND', 'OUTBOUND', 'INTERNAL'] },
  queue: nullable(named),
  contact_point: text,
  requester: user,
  assignee: nullable(user),
  subject: text,
  tags: { type: 'array', items: named },
  created_at: instant,
});

/** The conversation itself, as every payload shows it. */
function shown(entity: Conversation, related: Related) {
  return {
    csid: entity.id,
    channel: qualifiedName(entity.channel),
    status: qualifiedName(entity.state),
    direction: qualifiedName(entity.direction),
    queue: entity.queueId ? related.queueOrTag(entity.queueId) : null,
    contact_point: entity.contactPoint ?? null,
    requester: (entity.anonymization === 'done' ? NOTHING_RELATED : related).endUser(entity.requesterId),
    assignee: entity.assigneeId ? related.agent(entity.assigneeId) : null,
    subject: entity.details?.subject ?? null,
    tags: related.tags(entity.tagIds),
    created_at: entity.createdAt,
  };
}

interface More<Type extends ConversationEvent['type']> {
  /** What the payload says beside the conversation, and an example and a schema for it. */
  data: (data: DataOf<Type>, related: Related) => object;
  references: (data: DataOf<Type>) => References;
  example: object;
  schema: Record<string, object>;
}

/** @param example how the example's conversation differs */
function conversationEvent<Type extends ConversationEvent['type']>(
  description: string,
  example: object = {},
  more?: More<Type>,
): WebhookEventType<Conversation, DataOf<Type>> {
  return {
    version: '1',
    description,
    stream: conversationStream,
    data: (entity, event, related) => ({
      conversation: shown(entity, related),
      ...more?.data(event.data as DataOf<Type>, related),
    }),
    references: (entity, event) => {
      const others = more?.references(event.data as DataOf<Type>) ?? {};
      const { assigneeId, queueId, requesterId, tagIds } = entity;
      return {
        endUserIds: [requesterId],
        agentIds: [...(assigneeId ? [assigneeId] : []), ...(others.agentIds ?? [])],
        queueIds: [...(queueId ? [queueId] : []), ...(others.queueIds ?? [])],
        tagIds: [...tagIds, ...(others.tagIds ?? [])],
      };
    },
    filterFields: {
      InitialChannel: ({ channel }) => channel,
      OperationOrigin: (_, { metadata }) => (metadata.requestId ? 'Api' : 'System'),
      QueueId: ({ queueId }) => queueId,
    },
    example: { conversation: { ...conversation, ...example }, ...more?.example },
    schema: object({ conversation: conversationSchema, ...more?.schema }),
  };
}

type TagEvent = 'ConversationTagAdded' | 'ConversationTagRemoved';

const withTag: More<TagEvent> = {
  data: ({ tagId }, related) => ({ tag: related.queueOrTag(tagId) }),
  references: ({ tagId }) => ({ tagIds: [tagId] }),
  example: { tag: { id: ids.tag, name: 'VIP' } },
  schema: { tag: named },
};

export const CONVERSATION_EVENTS = {
  ConversationCreated: conversationEvent('A conversation began.', { queue: null, tags: [] }),
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
  ConversationPendingExpired: conversationEvent('The time came until which a conversation was set aside.', {
    status: 'PENDING',
  }),
  ConversationAssigned: conversationEvent('A conversation was assigned to an agent.', { assignee: agent }),
  ConversationUnassigned: conversationEvent<'ConversationUnassigned'>(
    'A conversation was taken from its agent.',
    {},
    {
      data: ({ agentId }, related) => ({ agent: related.agent(agentId) }),
      references: ({ agentId }) => ({ agentIds: [agentId] }),
      example: { agent },
      schema: { agent: user },
    },
  ),
  ConversationEnqueued: conversationEvent('A conversation began to wait in a queue.'),
  ConversationTransferred: conversationEvent<'ConversationTransferred'>(
    'A conversation was transferred to a queue.',
    {},
    {
      data: ({ fromQueueId, toQueueId }, related) => ({
        from_queue: fromQueueId ? related.queueOrTag(fromQueueId) : null,
        to_queue: related.queueOrTag(toQueueId),
      }),
      references: ({ fromQueueId, toQueueId }) => ({ queueIds: [...(fromQueueId ? [fromQueueId] : []), toQueueId] }),
      example: { from_queue: { id: ids.queue, name: 'Support' }, to_queue: { id: ids.otherQueue, name: 'Billing' } },
      schema: { from_queue: nullable(named), to_queue: named },
    },
  ),
  ConversationAbandoned: conversationEvent('An end user was never served and a conversation closed.'),
  ConversationTagAdded: conversationEvent<TagEvent>('A tag was put on a conversation.', {}, withTag),
  ConversationTagRemoved: conversationEvent<TagEvent>('A tag was taken off a conversation.', { tags: [] }, withTag),
  ConversationCustomAttributeUpdated: conversationEvent<'ConversationCustomAttributeUpdated'>(
    'Custom attributes of a conversation changed.',
    {},
    {
      data: ({ values }) => ({ custom_attributes: values ?? {} }),
      references: () => ({}),
      example: { custom_attributes: { '01980f6a-5c1d-7a10-9b2c-3d4e5f607182': ['business', 'gold'] } },
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
  ConversationLinked: conversationEvent<'ConversationLinked'>(
    'A conversation was linked to another one.',
    {},
    {
      data: ({ parentId, linkType }) => ({ parent_csid: parentId, link_type: qualifiedName(linkType) }),
      references: () => ({}),
      example: { parent_csid: 1041, link_type: 'RELATED' },
      schema: { parent_csid: { type: 'integer' }, link_type: { enum: ['RELATED', 'SIDE_CONVERSATION'] } },
    },
  ),
  ConversationEndUserReplaced: conversationEvent<'ConversationEndUserReplaced'>(
    'A conversation became another end user’s, because its own was merged into that one.',
    {},
    {
      data: ({ fromEndUserId }) => ({ replaced_end_user: { id: fromEndUserId } }),
      references: () => ({}),
      example: { replaced_end_user: { id: '01980f60-2b1a-7d10-8a53-6f0c9d1e2b3d' } },
      schema: { replaced_end_user: object({ id: uuid }) },
    },
  ),
  ConversationAnonymized: conversationEvent('The personal data of a conversation was removed for good.', {
    status: 'CLOSED',
    subject: null,
    requester: { ...requester, name: null, email: null, phone: null },
  }),
} as const;

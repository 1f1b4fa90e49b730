import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { tagsPart, valuesPart } from './conversation-parts.projection.js';
import { type Conversation, type ConversationCommand, type ConversationEvent } from './conversation.rules.js';
import { shownConversation } from './conversation.shown.js';
import { decideConversation } from './decide-conversation.rules.js';
import { evolveConversation } from './evolve-conversation.rules.js';
import { messageProjection } from './messages.projection.js';
import { noteProjection } from './notes.projection.js';
import { ratingProjection } from './ratings.projection.js';
import { subjectPart, textProjection } from './search/search-index.projection.js';

export const conversationStream: StreamDefinition<Conversation | undefined, ConversationEvent, ConversationCommand> = {
  category: 'conversation',
  types: {
    ConversationCreated: true,
    ConversationMessageAdded: true,
    ConversationMessageAnonymized: true,
    ConversationEnqueued: true,
    ConversationAssigned: true,
    ConversationUnassigned: true,
    ConversationTransferred: true,
    ConversationOpen: true,
    ConversationPending: true,
    ConversationPendingExpired: true,
    ConversationClosed: true,
    ConversationAbandoned: true,
    ConversationTagAdded: true,
    ConversationTagRemoved: true,
    ConversationCustomAttributeUpdated: true,
    ConversationNoteAdded: true,
    ConversationRatingOffered: true,
    ConversationRated: true,
    ConversationLinked: true,
    ConversationEndUserReplaced: true,
    ConversationAnonymizationRequested: true,
    ConversationAnonymized: true,
  },
  initialState: undefined,
  shape: 2,
  creates: 'CreateConversation',
  decide: decideConversation,
  evolve: evolveConversation,
  row: {
    table: 'conversations',
    idType: 'bigint',
    shown: shownConversation,
    columns: {
      requester_id: { of: ({ requesterId }) => requesterId },
      channel: { of: ({ channel }) => channel, constant: true },
      direction: { of: ({ direction }) => direction, constant: true },
      state: { of: ({ state }) => state },
      created_at: { of: ({ createdAt }) => createdAt, constant: true },
      assignee_id: { of: ({ assigneeId }) => assigneeId },
      assigned_at: { of: ({ assignedAt }) => assignedAt },
      queue_id: { of: ({ queueId }) => queueId },
      queued_at: { of: ({ queuedAt }) => queuedAt },
      external_id: { of: ({ details }) => details?.externalId },
      last_message_at: { of: ({ lastMessageAt }) => lastMessageAt },
      pending_until: { of: ({ pendingUntil }) => pendingUntil },
      closed_at: { of: ({ state, stateUpdatedAt }) => (state === 'Closed' ? stateUpdatedAt : undefined) },
      parent_id: { of: ({ link }) => link?.parentId },
      anonymized_at: { of: ({ anonymizedAt }) => anonymizedAt },
    },
  },
  parts: [tagsPart, valuesPart, subjectPart],
  projections: [messageProjection, noteProjection, ratingProjection, textProjection],
  personal: {
    ConversationCreated: ['details'],
    ConversationCustomAttributeUpdated: ['values'],
    ConversationMessageAdded: ['body', 'externalId'],
    ConversationNoteAdded: ['message'],
    ConversationRated: ['comment'],
  },
  ownKeys: { ConversationMessageAdded: 'messageId' },
  forgetsOne: { ConversationMessageAnonymized: 'messageId' },
  forgetsWith: 'ConversationAnonymized',
};

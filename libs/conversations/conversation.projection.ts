import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { type Conversation, type ConversationCommand, type ConversationEvent } from './conversation.js';
import { decideConversation } from './decide-conversation.js';
import { evolveConversation } from './evolve-conversation.js';
import { shownConversation } from './shown-conversation.js';

export const conversationStream: StreamDefinition<Conversation | undefined, ConversationEvent, ConversationCommand> = {
  category: 'conversation',
  types: {
    ConversationCreated: true,
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
    ConversationLinked: true,
    ConversationEndUserReplaced: true,
    ConversationAnonymizationRequested: true,
    ConversationAnonymized: true,
  },
  initialState: undefined,
  shape: 1,
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
      state: { of: ({ state }) => state },
      created_at: { of: ({ createdAt }) => createdAt, constant: true },
      assignee_id: { of: ({ assigneeId }) => assigneeId },
      queue_id: { of: ({ queueId }) => queueId },
      queued_at: { of: ({ queuedAt }) => queuedAt },
      pending_until: { of: ({ pendingUntil }) => pendingUntil },
      parent_id: { of: ({ link }) => link?.parentId },
      anonymized_at: { of: ({ anonymizedAt }) => anonymizedAt },
    },
  },
  personal: { ConversationCreated: ['details'], ConversationCustomAttributeUpdated: ['values'] },
  forgetsWith: 'ConversationAnonymized',
};

/** Conversations of an end user that are not closed: what keeps the end user from being anonymized. */
export function openConversationsOf(organizationId: string, endUserId: string): Statement {
  return {
    text: `SELECT id FROM conversations
           WHERE organization_id = $1 AND requester_id = $2 AND state <> 'Closed' ORDER BY id LIMIT 100`,
    values: [organizationId, endUserId],
  };
}

/** Conversations of an end user, at most so many. */
export function conversationsOf(organizationId: string, endUserId: string, limit: number): Statement {
  return {
    text: 'SELECT id FROM conversations WHERE organization_id = $1 AND requester_id = $2 ORDER BY id LIMIT $3',
    values: [organizationId, endUserId, limit],
  };
}

/** A guard: the end user has no conversation. */
export function hasNoConversations(organizationId: string, endUserId: string): Statement {
  return {
    text: `SELECT guard(NOT EXISTS (SELECT FROM conversations WHERE organization_id = $1 AND requester_id = $2))`,
    values: [organizationId, endUserId],
  };
}

/** Conversations of an agent that are not closed, a part at a time. */
export function openConversationsWith(organizationId: string, agentId: string): Statement {
  return {
    text: `SELECT id FROM conversations
           WHERE organization_id = $1 AND assignee_id = $2 AND state <> 'Closed' ORDER BY id LIMIT 100`,
    values: [organizationId, agentId],
  };
}

/** A guard: the agent has no conversation that is not closed. */
export function hasNoConversation(organizationId: string, agentId: string): Statement {
  return {
    text: `SELECT guard(NOT EXISTS (SELECT FROM conversations
             WHERE organization_id = $1 AND assignee_id = $2 AND state <> 'Closed'))`,
    values: [organizationId, agentId],
  };
}

/** Conversations of an end user that have personal data left, a part at a time. */
export function identifiableConversationsOf(organizationId: string, endUserId: string): Statement {
  return {
    text: `SELECT id FROM conversations
           WHERE organization_id = $1 AND requester_id = $2 AND anonymized_at IS NULL ORDER BY id LIMIT 100`,
    values: [organizationId, endUserId],
  };
}

/** A guard: all of an end user's conversations are closed. */
export function allConversationsClosed(organizationId: string, endUserId: string): Statement {
  return {
    text: `SELECT guard(NOT EXISTS (SELECT FROM conversations
             WHERE organization_id = $1 AND requester_id = $2 AND state <> 'Closed'))`,
    values: [organizationId, endUserId],
  };
}

/** A guard: no conversation waits in the queue. */
export function queueIsEmpty(organizationId: string, queueId: string): Statement {
  return {
    text: `SELECT guard(NOT EXISTS (SELECT FROM conversations
             WHERE organization_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL))`,
    values: [organizationId, queueId],
  };
}

/** Guards: none of the ancestors belongs to the conversation itself, nor can come to while this is committed. */
export function isNoDescendant(organizationId: string, id: number, ancestorIds: number[]): Statement[] {
  return [
    {
      text: 'SELECT FROM conversations WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR SHARE',
      values: [organizationId, ancestorIds],
    },
    {
      text: `SELECT guard(NOT EXISTS (SELECT FROM conversations
               WHERE organization_id = $1 AND id = ANY($2) AND parent_id = $3))`,
      values: [organizationId, ancestorIds, id],
    },
  ];
}

/** A conversation and those that it belongs to, directly or not. */
export function ancestorsOf(organizationId: string, id: number): Statement {
  return {
    text: `WITH RECURSIVE chain AS (
             SELECT id, parent_id FROM conversations WHERE organization_id = $1 AND id = $2
             UNION SELECT c.id, c.parent_id FROM conversations c JOIN chain ON c.id = chain.parent_id
             WHERE c.organization_id = $1)
           SELECT id FROM chain`,
    values: [organizationId, id],
  };
}

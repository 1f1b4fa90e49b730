import { type Statement } from '#libs/database/batch.js';
import { BEGINNING } from './messages.projection.js';

export { type StoredMessage } from './conversation.rules.js';

/** Returns the first 100 conversations of an organization that satisfy a condition on `$2`, the id. */
function conversationsWhere(condition: string, organizationId: string, id: string): Statement {
  const text = `SELECT id FROM conversations WHERE organization_id = $1 AND ${condition} ORDER BY id LIMIT 100`;
  return { text, values: [organizationId, id] };
}

/** A guard: the organization has no conversation that satisfies a condition on `$2`, the id. */
function noConversationWhere(condition: string, organizationId: string, id: string): Statement {
  const text = `SELECT guard(NOT EXISTS (SELECT FROM conversations WHERE organization_id = $1 AND ${condition}))`;
  return { text, values: [organizationId, id] };
}

/** Conversations of an end user that are not closed, which prevent the end user's anonymization; at most 100. */
export function openConversationsOf(organizationId: string, endUserId: string): Statement {
  return conversationsWhere("requester_id = $2 AND state <> 'Closed'", organizationId, endUserId);
}

/** Conversations of an end user, at most `limit`. */
export function conversationsOf(organizationId: string, endUserId: string, limit: number): Statement {
  return {
    text: 'SELECT id FROM conversations WHERE organization_id = $1 AND requester_id = $2 ORDER BY id LIMIT $3',
    values: [organizationId, endUserId, limit],
  };
}

/** A guard: the end user has no conversation. */
export function endUserHasNoConversation(organizationId: string, endUserId: string): Statement {
  return noConversationWhere('requester_id = $2', organizationId, endUserId);
}

/** Conversations of an agent that are not closed, at most 100. */
export function openConversationsWith(organizationId: string, agentId: string): Statement {
  return conversationsWhere("assignee_id = $2 AND state <> 'Closed'", organizationId, agentId);
}

/** A guard: the agent has no conversation that is not closed. */
export function agentHasNoOpenConversation(organizationId: string, agentId: string): Statement {
  return noConversationWhere("assignee_id = $2 AND state <> 'Closed'", organizationId, agentId);
}

/** Conversations of an end user that still have personal data, at most 100. */
export function identifiableConversationsOf(organizationId: string, endUserId: string): Statement {
  return conversationsWhere('requester_id = $2 AND anonymized_at IS NULL', organizationId, endUserId);
}

/** A guard: all of an end user's conversations are closed. */
export function allConversationsClosed(organizationId: string, endUserId: string): Statement {
  return noConversationWhere("requester_id = $2 AND state <> 'Closed'", organizationId, endUserId);
}

/** A guard: no conversation waits in the queue. */
export function queueIsEmpty(organizationId: string, queueId: string): Statement {
  return noConversationWhere('queue_id = $2 AND queued_at IS NOT NULL', organizationId, queueId);
}

/** Guards: none of the ancestors belongs to the conversation, and none can be linked before the commit. */
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

/** The conversation and those that it belongs to, directly or indirectly. */
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

/** Reads whether a message can be anonymized, as a {@link StoredMessage}; no row if there is no message. */
export function storedMessage(organizationId: string, id: string): Statement {
  return {
    text: `SELECT id, conversation_id AS "conversationId", body IS NULL AS "isAnonymized",
             version = ${BEGINNING} AS "isPartOfBeginning",
             json_build_object('wasTextRedacted', body->'content' IS NOT NULL,
               'numberOfDeletedFiles', jsonb_array_length(body->'attachments')) AS content
           FROM conversation_messages WHERE organization_id = $1 AND id = $2`,
    values: [organizationId, id],
  };
}

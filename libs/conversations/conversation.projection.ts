import { type ConversationChannel } from '#libs/platform/channels.js';
import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.js';
import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type RecordedOf } from '#libs/event-store/event.js';
import { type Statement } from '#libs/platform/batch.js';
import {
  type Conversation,
  type ConversationDetails,
  type ConversationEvent,
  type ConversationState,
  type Direction,
  type LinkType,
} from './conversation.js';
import { evolveConversation } from './evolve-conversation.js';

/** A row of the read table of conversations. */
export interface ConversationRow {
  id: number;
  requester_id: string;
  channel: ConversationChannel;
  direction: Direction;
  contact_point: string | null;
  language: string | null;
  state: ConversationState;
  state_updated_at: Date;
  created_at: Date;
  assignee_id: string | null;
  assigned_at: Date | null;
  queue_id: string | null;
  /** Since when it waits in its queue, if it does. */
  queued_at: Date | null;
  pending_until: Date | null;
  tag_ids: string[];
  parent_id: number | null;
  link_type: LinkType | null;
  /** Without the message: that is in the events. */
  details: Omit<ConversationDetails, 'message'>;
  custom_attributes: AttributeValues;
  anonymization_requested_at: Date | null;
  anonymized_at: Date | null;
}

const conversationProjection: Projection<ConversationEvent> = {
  table: 'conversations',
  apply: (event) => {
    const { recordedAt } = event;
    switch (event.type) {
      case 'ConversationCreated':
        return [inserted(event)];
      case 'ConversationEnqueued':
        return [set(event, 'queue_id = $3, queued_at = $4', event.data.queueId, recordedAt)];
      case 'ConversationAssigned':
        return [set(event, 'assignee_id = $3, assigned_at = $4, queued_at = NULL', event.data.agentId, recordedAt)];
      case 'ConversationUnassigned':
        return [set(event, 'assignee_id = NULL, assigned_at = NULL')];
      case 'ConversationOpen':
        return [set(event, "state = 'Open', state_updated_at = $3, pending_until = NULL", recordedAt)];
      case 'ConversationPending': {
        const assignments = "state = 'Pending', state_updated_at = $3, pending_until = $4, queued_at = NULL";
        return [set(event, assignments, recordedAt, event.data.until)];
      }
      case 'ConversationClosed': {
        const assignments = "state = 'Closed', state_updated_at = $3, pending_until = NULL, queued_at = NULL";
        return [set(event, assignments, recordedAt)];
      }
      case 'ConversationTagAdded':
        return [set(event, 'tag_ids = array_append(tag_ids, $3)', event.data.tagId)];
      case 'ConversationTagRemoved':
        return [set(event, 'tag_ids = array_remove(tag_ids, $3)', event.data.tagId)];
      case 'ConversationCustomAttributeUpdated': {
        const merged = 'custom_attributes = jsonb_strip_nulls(custom_attributes || $3)';
        return event.data.values ? [set(event, merged, JSON.stringify(event.data.values))] : [];
      }
      case 'ConversationLinked':
        return [set(event, 'parent_id = $3, link_type = $4', event.data.parentId, event.data.linkType)];
      case 'ConversationEndUserReplaced':
        return [set(event, 'requester_id = $3', event.data.endUserId)];
      case 'ConversationAnonymizationRequested':
        return [set(event, 'anonymization_requested_at = $3', recordedAt)];
      case 'ConversationAnonymized':
        return [set(event, "anonymized_at = $3, details = '{}', custom_attributes = '{}'", recordedAt)];
      case 'ConversationTransferred':
      case 'ConversationPendingExpired':
      case 'ConversationAbandoned':
        return [];
    }
  },
};

function inserted(event: Extract<RecordedOf<ConversationEvent>, { type: 'ConversationCreated' }>): Statement {
  const { id, requesterId, channel, direction, contactPoint, language, createdAt, details } = event.data;
  return {
    text: `INSERT INTO conversations (organization_id, id, requester_id, channel, direction, contact_point, language,
             details, created_at, state_updated_at, state)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 'Open')`,
    values: [
      ...[event.organizationId, id, requesterId, channel, direction, contactPoint, language],
      ...[JSON.stringify({ ...details, message: undefined }), createdAt],
    ],
  };
}

/** @param assignments their values begin with `$3` */
function set(event: RecordedOf<ConversationEvent>, assignments: string, ...values: unknown[]): Statement {
  return {
    text: `UPDATE conversations SET ${assignments} WHERE organization_id = $1 AND id = $2`,
    values: [event.organizationId, event.data.id, ...values],
  };
}

export const conversationStream: StreamDefinition<Conversation | undefined, ConversationEvent> = {
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
  evolve: evolveConversation,
  projections: [conversationProjection],
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

import { type RecordedOf } from '#libs/event-store/event.js';
import { type Conversation, type ConversationEvent } from './conversation.js';
import { type ShownRow } from './shown-conversation.js';

/**
 * The part of its row that a conversation is shown by, as it was after some of its events.
 * @param anonymizedAt when its personal data went, be it after these events; `null` while it is there
 */
export function pastConversation(
  conversation: Conversation,
  events: RecordedOf<ConversationEvent>[],
  anonymizedAt: Date | null,
): ShownRow {
  const { id, requesterId, channel, direction, state, assigneeId, queueId, waiting, link, language } = conversation;
  const details = { ...conversation.details, message: undefined };
  const last = (...types: ConversationEvent['type'][]) =>
    events.findLast(({ type }) => types.includes(type))?.recordedAt ?? null;
  const createdAt = new Date(conversation.createdAt);
  return {
    ...{ id, requester_id: requesterId, channel, direction, state, created_at: createdAt, details },
    state_updated_at: last('ConversationOpen', 'ConversationPending', 'ConversationClosed') ?? createdAt,
    assignee_id: assigneeId ?? null,
    assigned_at: assigneeId ? last('ConversationAssigned') : null,
    queue_id: queueId ?? null,
    queued_at: waiting ? last('ConversationEnqueued') : null,
    parent_id: link?.parentId ?? null,
    link_type: link?.linkType ?? null,
    language: language ?? null,
    anonymized_at: anonymizedAt,
  };
}

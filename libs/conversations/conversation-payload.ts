import { type RecordedEvent } from '#libs/event-store/event.js';
import { fullyQualifiedName } from '#libs/webhooks/events/fully-qualified-name.published.js';
import {
  NOTHING_RELATED,
  type ReferencedEntities,
  type UserPayload,
} from '#libs/webhooks/events/referenced-entities.published.js';
import { type Conversation } from './conversation.rules.js';

function requesterOf({ anonymization, requesterId }: Conversation, related: ReferencedEntities): UserPayload {
  return (anonymization === 'done' ? NOTHING_RELATED : related).endUser(requesterId);
}

/** Returns the conversation as all payloads show it. */
export function shownConversation(entity: Conversation, related: ReferencedEntities) {
  return {
    csid: entity.id,
    channel: fullyQualifiedName(entity.channel),
    status: fullyQualifiedName(entity.state),
    direction: fullyQualifiedName(entity.direction),
    queue: entity.queueId ? related.queue(entity.queueId) : null,
    contact_point: entity.contactPoint ?? null,
    requester: requesterOf(entity, related),
    assignee: entity.assigneeId ? related.agent(entity.assigneeId) : null,
    subject: entity.details?.subject ?? null,
    tags: related.tags(entity.tagIds),
    created_at: entity.createdAt,
  };
}

/**
 * Returns the user who acted: the one that the event names or, for a new conversation, the agent or end user who began
 * it; else the agent on whose behalf the request's token acts. The id is undefined if Deskstream acted by itself.
 */
export function doerOf(
  { direction, requesterId, beginnerId }: Conversation,
  { type, data, metadata }: RecordedEvent,
): { id?: string; isNamed: boolean } {
  const { agentId, userId, authorId } = data as { agentId?: string; userId?: string; authorId?: string };
  const beginner = direction === 'Inbound' ? requesterId : beginnerId;
  const named =
    type === 'ConversationCreated' ? beginner : type === 'ConversationAssigned' ? agentId : (authorId ?? userId);
  if (named) return { id: named, isNamed: true };
  return { id: metadata.requestId ? metadata.actorId : undefined, isNamed: false };
}

/** Returns the payload's `author`: `null` if no user acted, or if the token acts for an unknown user. */
export function authorOf(entity: Conversation, event: RecordedEvent, related: ReferencedEntities): UserPayload | null {
  const { id, isNamed } = doerOf(entity, event);
  if (id === undefined) return null;
  if (id === entity.requesterId) return requesterOf(entity, related);
  return related.knownUser(id) ?? (isNamed ? related.agent(id) : null);
}

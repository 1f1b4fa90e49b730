import { applyChanges } from '#libs/platform/changes.js';
import { type Conversation, type ConversationEvent } from './conversation.js';

/** A conversation's state after one more event. */
export function evolveConversation(
  conversation: Conversation | undefined,
  event: ConversationEvent,
): Conversation | undefined {
  if (event.type === 'ConversationCreated') {
    return { ...event.data, state: 'Open', waiting: false, served: false, tagIds: [], customAttributes: {} };
  }
  return conversation && { ...conversation, ...changeBy(event, conversation) };
}

type LaterEvent = Exclude<ConversationEvent, { type: 'ConversationCreated' }>;

function changeBy(event: LaterEvent, { tagIds, customAttributes }: Conversation): Partial<Conversation> {
  switch (event.type) {
    case 'ConversationEnqueued':
      return { queueId: event.data.queueId, waiting: true };
    case 'ConversationAssigned':
      return { assigneeId: event.data.agentId, served: true, waiting: false };
    case 'ConversationUnassigned':
      return { assigneeId: undefined };
    case 'ConversationOpen':
      return { state: 'Open', pendingUntil: undefined };
    case 'ConversationPending':
      return { state: 'Pending', pendingUntil: event.data.until, waiting: false };
    case 'ConversationClosed':
      return { state: 'Closed', pendingUntil: undefined, waiting: false };
    case 'ConversationTagAdded':
      return { tagIds: [...tagIds, event.data.tagId] };
    case 'ConversationTagRemoved':
      return { tagIds: tagIds.filter((id) => id !== event.data.tagId) };
    case 'ConversationCustomAttributeUpdated':
      return { customAttributes: applyChanges(customAttributes, event.data.values ?? {}) };
    case 'ConversationLinked':
      return { link: { parentId: event.data.parentId, linkType: event.data.linkType } };
    case 'ConversationEndUserReplaced':
      return { requesterId: event.data.endUserId };
    case 'ConversationAnonymizationRequested':
      return { anonymization: 'requested' };
    case 'ConversationAnonymized':
      return { anonymization: 'done', details: undefined, customAttributes: {} };
    case 'ConversationTransferred':
    case 'ConversationPendingExpired':
    case 'ConversationAbandoned':
      return {};
  }
}

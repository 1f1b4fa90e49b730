import { type Recording } from '#libs/event-store/event.js';
import { applyChanges } from '#libs/platform/changes.js';
import { type Conversation, type ConversationEvent, isBeforeClosing } from './conversation.rules.js';

/** Returns a conversation's state after one more event. */
export function evolveConversation(
  conversation: Conversation | undefined,
  event: ConversationEvent,
  { recordedAt }: Pick<Recording, 'recordedAt'>,
): Conversation | undefined {
  const at = recordedAt.toISOString();
  if (event.type === 'ConversationCreated') return created(event.data);
  return conversation && { ...conversation, ...changeBy(event, conversation, at) };
}

type DataOf<Type extends ConversationEvent['type']> = Extract<ConversationEvent, { type: Type }>['data'];

function created({ details, ...origin }: DataOf<'ConversationCreated'>): Conversation {
  const { message, ...others } = details ?? {};
  const { createdAt } = origin;
  const wrote = message && { beginnerId: message.authorId, messageCount: 1, lastMessageAt: createdAt };
  return {
    ...origin,
    ...(details && { details: others }),
    ...wrote,
    ...(message?.direction === 'Inbound' && { awaitingReplySince: createdAt }),
    state: 'Open',
    stateUpdatedAt: origin.createdAt,
    served: false,
    tagIds: [],
    customAttributes: {},
  };
}

type LaterEvent = Exclude<ConversationEvent, { type: 'ConversationCreated' }>;

function changeBy(event: LaterEvent, conversation: Conversation, at: string): Partial<Conversation> {
  const { tagIds, customAttributes, noteCount = 0, ratings = [] } = conversation;
  switch (event.type) {
    case 'ConversationMessageAdded':
      return withMessage(conversation, event.data);
    case 'ConversationEnqueued':
      return { queueId: event.data.queueId, queuedAt: at };
    case 'ConversationAssigned':
      return {
        assigneeId: event.data.agentId,
        assignedAt: event.data.assignedAt ?? at,
        served: true,
        queuedAt: undefined,
      };
    case 'ConversationUnassigned':
      return { assigneeId: undefined, assignedAt: undefined };
    case 'ConversationOpen':
      return { state: 'Open', stateUpdatedAt: at, pendingUntil: undefined };
    case 'ConversationPending':
      return { state: 'Pending', stateUpdatedAt: at, pendingUntil: event.data.until, queuedAt: undefined };
    case 'ConversationClosed':
      return {
        state: 'Closed',
        stateUpdatedAt: event.data.closedAt ?? at,
        pendingUntil: undefined,
        queuedAt: undefined,
        awaitingReplySince: undefined,
      };
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
      return anonymized(conversation, at);
    case 'ConversationRatingOffered': {
      const { ratingId, endUserId: userId, ratingType, agentId, offeredAt } = event.data;
      return { ratings: [...ratings, { id: ratingId, ratingType, agentId, userId, offeredAt }] };
    }
    case 'ConversationRated': {
      const { ratingId, score, comment } = event.data;
      const result = { score, ...(comment !== undefined && { isCommented: true as const }) };
      return { ratings: ratings.map((rating) => (rating.id === ratingId ? { ...rating, ...result } : rating)) };
    }
    case 'ConversationNoteAdded':
      return { noteCount: noteCount + 1 };
    case 'ConversationMessageAnonymized':
    case 'ConversationTransferred':
    case 'ConversationPendingExpired':
    case 'ConversationAbandoned':
      return {};
  }
}

/**
 * Nothing that is left may come from personal data: a rebuild reads the events without them and must get this state.
 */
function anonymized({ createdAt, lastMessageAt = createdAt, ratings }: Conversation, at: string) {
  return {
    anonymization: 'done',
    anonymizedAt: at,
    details: undefined,
    beginnerId: undefined,
    messageCount: undefined,
    lastMessageAt,
    customAttributes: {},
    ...(ratings && { ratings: ratings.map((rating) => ({ ...rating, isCommented: undefined })) }),
  } satisfies Partial<Conversation>;
}

/**
 * The end user waits from an inbound message on, until the agent who has the conversation answers. Messages that are
 * older than others, or than the closing, do not change that.
 */
function withMessage(
  conversation: Conversation,
  { authorId, direction, createdAt }: DataOf<'ConversationMessageAdded'>,
): Partial<Conversation> {
  const { messageCount = 0, lastMessageAt, awaitingReplySince, assigneeId } = conversation;
  const count = { messageCount: messageCount + 1 };
  if (lastMessageAt !== undefined && Date.parse(createdAt) < Date.parse(lastMessageAt)) return count;
  const latest = { ...count, lastMessageAt: createdAt };
  if (direction === 'Outbound') return authorId === assigneeId ? { ...latest, awaitingReplySince: undefined } : latest;
  return isBeforeClosing(conversation, createdAt)
    ? latest
    : { ...latest, awaitingReplySince: awaitingReplySince ?? createdAt };
}

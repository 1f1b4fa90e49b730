import { offerRating, submitRating } from './decide-ratings.rules.js';
import { importConversation } from './decide-import.rules.js';
import { changesOf } from '#libs/platform/changes.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import {
  conflict,
  type Conversation,
  type ConversationCommand,
  type ConversationEvent,
  type LinkType,
  MAX_TAGS,
} from './conversation.rules.js';
import {
  addMessage,
  addNotes,
  anonymizeMessage,
  faultOfInstant,
  messageAdded,
  opensBy,
} from './decide-messages.rules.js';

type Decision = ConversationEvent[] | DomainError;
type CommandOf<Type extends ConversationCommand['type']> = Extract<ConversationCommand, { type: Type }>;

/** A command that changes nothing records no event; a command that the state does not allow is a conflict. */
export function decideConversation(
  command: ConversationCommand,
  conversation: Conversation | undefined,
  recordedAt: Date,
): Decision {
  if (command.type === 'CreateConversation') return create(command, recordedAt);
  if (command.type === 'ImportConversation') return importConversation(command, recordedAt);
  if (!conversation) return notFound('Conversation', String(command.id));
  if (command.type === 'AnonymizeConversation') return anonymize(conversation);
  if (command.type === 'ReplaceEndUser') return replaceEndUser(conversation, command);
  if (conversation.anonymization === 'requested') return conflict(conversation, 'is being anonymized');
  if (conversation.anonymization === 'done') return conflict(conversation, 'has been anonymized');
  switch (command.type) {
    case 'CloseConversation':
      return close(conversation, command);
    case 'ReopenConversation':
      return reopen(conversation, command);
    case 'FollowUpConversation':
      return followUp(conversation, command);
    case 'ReleaseConversation':
      return release(conversation, command);
    case 'ExpirePending':
      return expirePending(conversation, command);
    case 'ClaimConversation':
      return claim(conversation, command);
    case 'TransferConversation':
      return transfer(conversation, command);
    case 'TagConversation':
      return tag(conversation, command);
    case 'UntagConversation': {
      const { id, tagId } = command;
      return conversation.tagIds.includes(tagId) ? [{ type: 'ConversationTagRemoved', data: { id, tagId } }] : [];
    }
    case 'UpdateAttributes': {
      const values = changesOf(conversation.customAttributes, command.values);
      if (Object.keys(values).length === 0) return [];
      return [{ type: 'ConversationCustomAttributeUpdated', data: { id: command.id, values } }];
    }
    case 'AddMessage': {
      const added = addMessage(conversation, command, recordedAt);
      if (added instanceof DomainError || !opensBy(conversation, command.message)) return added;
      return [...added, ...reopen(conversation, command)];
    }
    case 'AnonymizeMessage':
      return anonymizeMessage(conversation, command);
    case 'OfferRating':
      return offerRating(conversation, command, recordedAt);
    case 'SubmitRating':
      return submitRating(conversation, command, recordedAt);
    case 'AddNotes':
      return addNotes(conversation, command, recordedAt);
    case 'LinkConversation':
      return link(conversation, command);
    case 'RequestConversationAnonymization': {
      const { id, requestId } = command;
      if (conversation.state !== 'Closed') return conflict(conversation, 'is not closed; close it, or use force=true');
      return [{ type: 'ConversationAnonymizationRequested', data: { id, requestId } }];
    }
  }
}

function create(command: CommandOf<'CreateConversation'>, recordedAt: Date): Decision {
  const { id, origin, details, message, follows, queueId, agentId } = command;
  const began = { createdAt: recordedAt.toISOString(), ...(agentId && { beginnerId: agentId }) };
  const fault = message && faultOfInstant(message, recordedAt);
  if (fault) return fault;
  return [
    { type: 'ConversationCreated', data: { id, ...origin, ...began, details } },
    ...(message ? [messageAdded(id, message)] : []),
    ...(follows === undefined ? [] : [linkedTo(id, follows, 'Related')]),
    ...(agentId ? [{ type: 'ConversationAssigned' as const, data: { id, agentId } }] : []),
    ...(agentId ? [] : enqueue(id, queueId)),
  ];
}

/** Also records the conversation as abandoned if it is inbound and still waits for its first agent. */
function close(conversation: Conversation, { id, userId }: CommandOf<'CloseConversation'>): ConversationEvent[] {
  if (conversation.state === 'Closed') return [];
  const { queuedAt, served, queueId, direction } = conversation;
  const abandoned = queuedAt && !served && direction === 'Inbound' && queueId !== undefined;
  return [
    ...(abandoned ? [{ type: 'ConversationAbandoned' as const, data: { id, queueId } }] : []),
    { type: 'ConversationClosed', data: { id, ...(userId && { userId }) } },
  ];
}

interface Reopening {
  queueId?: string;
  agentIsGone?: boolean;
  userId?: string;
}

/** The conversation stays with its agent; without an agent, it waits in a queue again. */
function reopen(conversation: Conversation, { queueId, agentIsGone, userId }: Reopening): ConversationEvent[] {
  const { id, state, assigneeId } = conversation;
  if (state === 'Open') return [];
  const opened: ConversationEvent = { type: 'ConversationOpen', data: { id, ...(userId && { userId }) } };
  if (assigneeId && !agentIsGone) return [opened];
  return [...unassign(conversation), opened, ...enqueue(id, queueId)];
}

/** Takes the conversation from a removed agent. A pending one waits in a queue once it opens again. */
function release(conversation: Conversation, command: CommandOf<'ReleaseConversation'>): ConversationEvent[] {
  const { id, agentId, queueId } = command;
  const { state, assigneeId } = conversation;
  if (assigneeId !== agentId || state === 'Closed') return [];
  return [...unassign(conversation), ...(state === 'Open' ? enqueue(id, queueId) : [])];
}

function enqueue(id: number, queueId: string | undefined): ConversationEvent[] {
  return queueId ? [{ type: 'ConversationEnqueued', data: { id, queueId } }] : [];
}

function followUp(conversation: Conversation, command: CommandOf<'FollowUpConversation'>): Decision {
  const { id, until, now, userId } = command;
  if (conversation.state === 'Closed') return closed(conversation);
  if (Date.parse(until) <= Date.parse(now)) {
    return new DomainError('invalid', 'Invalid value for: body (timestamp must be in the future)');
  }
  if (conversation.state === 'Pending' && conversation.pendingUntil === until) return [];
  return [{ type: 'ConversationPending', data: { id, until, ...(userId && { userId }) } }];
}

function expirePending(conversation: Conversation, command: CommandOf<'ExpirePending'>): ConversationEvent[] {
  const { id, now } = command;
  const { state, pendingUntil } = conversation;
  if (state !== 'Pending' || !pendingUntil || Date.parse(pendingUntil) > Date.parse(now)) return [];
  return [{ type: 'ConversationPendingExpired', data: { id } }, ...reopen(conversation, command)];
}

function claim(conversation: Conversation, { id, agentId, force }: CommandOf<'ClaimConversation'>): Decision {
  const { assigneeId } = conversation;
  if (conversation.state === 'Closed') return closed(conversation);
  if (assigneeId === agentId) return [];
  if (assigneeId && !force)
    return conflict(conversation, `is assigned to agent ${assigneeId}; use force to take it over`);
  const claimedFrom = claimedFromOf(conversation);
  return [
    ...unassign(conversation),
    { type: 'ConversationAssigned', data: { id, agentId, ...(claimedFrom && { claimedFrom }) } },
  ];
}

function claimedFromOf({ assigneeId, queuedAt, queueId }: Conversation) {
  if (assigneeId) return { agentId: assigneeId };
  return queuedAt && queueId ? { queueId } : undefined;
}

function transfer(conversation: Conversation, { id, queueId, userId }: CommandOf<'TransferConversation'>): Decision {
  const { state, queuedAt, queueId: fromQueueId } = conversation;
  if (state === 'Closed') return closed(conversation);
  if (queuedAt && fromQueueId === queueId) return [];
  const data = { id, ...(fromQueueId && { fromQueueId }), toQueueId: queueId, ...(userId && { userId }) };
  return [
    ...unassign(conversation),
    ...(state === 'Open' ? [] : [{ type: 'ConversationOpen' as const, data: { id, ...(userId && { userId }) } }]),
    { type: 'ConversationTransferred', data },
    { type: 'ConversationEnqueued', data: { id, queueId } },
  ];
}

function unassign({ id, assigneeId }: Conversation): ConversationEvent[] {
  return assigneeId ? [{ type: 'ConversationUnassigned', data: { id, agentId: assigneeId } }] : [];
}

function tag(conversation: Conversation, command: CommandOf<'TagConversation'>): Decision {
  if (conversation.tagIds.includes(command.tag.id)) return [];
  if (command.tag.state === 'Inactive') {
    return new DomainError('conflict', `Tag ${command.tag.name} is inactive and cannot be put on conversations`);
  }
  const count = conversation.tagIds.length;
  if (count >= MAX_TAGS) return conflict(conversation, `can have at most ${MAX_TAGS} tags; it has ${count}`);
  return [{ type: 'ConversationTagAdded', data: { id: command.id, tagId: command.tag.id } }];
}

function link(conversation: Conversation, command: CommandOf<'LinkConversation'>): Decision {
  const { id, parentId, linkType, ancestorIds } = command;
  const { link: linked } = conversation;
  if (linked?.parentId === parentId && linked.linkType === linkType) return [];
  if (parentId === id)
    return new DomainError('invalid', 'Invalid value for: body (parentId must be another conversation)');
  if (linked) return conflict(conversation, `is already linked to conversation ${linked.parentId}`);
  if (ancestorIds.includes(id)) return conflict(conversation, `is already above conversation ${parentId}`);
  return [linkedTo(id, parentId, linkType)];
}

function linkedTo(id: number, parentId: number, linkType: LinkType): ConversationEvent {
  return { type: 'ConversationLinked', data: { id, parentId, linkType } };
}

function anonymize({ id, state, anonymization }: Conversation): ConversationEvent[] {
  if (anonymization === 'done') return [];
  const closing: ConversationEvent[] = state === 'Closed' ? [] : [{ type: 'ConversationClosed', data: { id } }];
  return [...closing, { type: 'ConversationAnonymized', data: { id } }];
}

/** Allowed for anonymized conversations, too: they still belong to the end user. */
function replaceEndUser(conversation: Conversation, command: CommandOf<'ReplaceEndUser'>): ConversationEvent[] {
  const { id, endUserId } = command;
  const { requesterId: fromEndUserId } = conversation;
  if (fromEndUserId === endUserId) return [];
  return [{ type: 'ConversationEndUserReplaced', data: { id, fromEndUserId, endUserId } }];
}

function closed(conversation: Conversation): DomainError {
  return conflict(conversation, 'is closed; reopen it first');
}

import { DomainError, invalidBody } from '#libs/platform/domain-error.js';
import {
  conflict,
  type Conversation,
  type ConversationCommand,
  type ConversationEvent,
  isBeforeClosing,
  MAX_MESSAGES,
  MAX_NOTES,
  type Message,
} from './conversation.rules.js';

type Decision = ConversationEvent[] | DomainError;
type CommandOf<Type extends ConversationCommand['type']> = Extract<ConversationCommand, { type: Type }>;

/** Returns the event of a new message. It may also open the conversation: see {@link opensBy}. */
export function addMessage(conversation: Conversation, command: CommandOf<'AddMessage'>, recordedAt: Date): Decision {
  const { id, message } = command;
  const { messageCount = 0 } = conversation;
  if (messageCount >= MAX_MESSAGES) {
    return conflict(conversation, `has ${MAX_MESSAGES.toLocaleString('en')} messages, which is the maximum`);
  }
  const fault = faultOfInstant(message, recordedAt);
  if (fault) return fault;
  return [messageAdded(id, message)];
}

/**
 * Returns whether a message opens the conversation: an inbound one in a closed or pending conversation, unless it is older
 * than the closing.
 */
export function opensBy(
  conversation: Conversation,
  { direction, createdAt }: Pick<Message, 'direction' | 'createdAt'>,
): boolean {
  return conversation.state !== 'Open' && direction === 'Inbound' && !isBeforeClosing(conversation, createdAt);
}

export function messageAdded(id: number, { id: messageId, ...message }: Message): ConversationEvent {
  return { type: 'ConversationMessageAdded', data: { id, messageId, ...message } };
}

export function anonymizeMessage(conversation: Conversation, command: CommandOf<'AnonymizeMessage'>): Decision {
  const { id, message, requestId } = command;
  const { id: messageId, isAnonymized, isPartOfBeginning, content: removed } = message;
  if (isAnonymized) return new DomainError('conflict', `Message ${messageId} has been anonymized`);
  if (isPartOfBeginning)
    return conflict(
      conversation,
      'began before its first message could be anonymized alone; anonymize the conversation',
    );
  return [{ type: 'ConversationMessageAnonymized', data: { id, messageId, requestId, removed } }];
}

/** Notes can be added in any state. */
export function addNotes(conversation: Conversation, command: CommandOf<'AddNotes'>, recordedAt: Date): Decision {
  const { id, notes } = command;
  const { noteCount = 0 } = conversation;
  if (noteCount + notes.length > MAX_NOTES) {
    return conflict(
      conversation,
      `can have at most ${MAX_NOTES.toLocaleString('en')} notes; it has ${noteCount.toLocaleString('en')}`,
    );
  }
  const fault = notes.map((note) => faultOfInstant(note, recordedAt)).find((one) => one !== undefined);
  if (fault) return fault;
  return notes.map(({ id: noteId, ...note }) => ({ type: 'ConversationNoteAdded', data: { id, noteId, ...note } }));
}

/** Returns why something that was written at an instant is refused, or undefined. */
export function faultOfInstant(
  { createdAt }: { createdAt: string },
  now: Date,
  path = 'createdAt',
): DomainError | undefined {
  if (Date.parse(createdAt) <= now.getTime()) return undefined;
  return invalidBody([{ path, message: 'must not be in the future' }]);
}

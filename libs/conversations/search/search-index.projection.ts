import { type Statement } from '#libs/database/batch.js';
import { type Part, type Projection } from '#libs/event-store/stream-definition.js';
import { type Conversation, type ConversationEvent, type MessageBody } from '../conversation.rules.js';
import { sanitizedHtml, textOfHtml } from '../sanitized-html.js';
import { tsvectorOf } from './words.js';

/** The read table of the words of messages and notes. */
export const TEXTS = 'conversation_texts';
/** The read table of the words of subjects. */
export const SUBJECTS = 'conversation_subjects';

/** A text in which words are found. */
export interface SearchedText {
  conversationId: number;
  /** The id of the message or note. */
  id: string;
  source: 'message' | 'note';
  text: string;
}

/** Returns the text of a message that is indexed: of HTML, the visible text. */
function textOfMessage({ content }: Pick<MessageBody, 'content'>): string {
  if (!content) return '';
  return content._type === 'Html' ? textOfHtml(sanitizedHtml(content.value)) : content.value;
}

/** Returns the statement that makes a text searchable; none if it has no words. */
export function searchable(organizationId: string, { conversationId, id, source, text }: SearchedText): Statement[] {
  const words = tsvectorOf(organizationId, conversationId, text);
  if (words === undefined) return [];
  return [
    {
      text: `INSERT INTO ${TEXTS} (organization_id, conversation_id, id, source, words) VALUES ($1, $2, $3, $4, $5)`,
      values: [organizationId, conversationId, id, source, words],
    },
  ];
}

/** Writes the words of messages and notes, and deletes those of anonymized ones. */
export const textProjection: Projection<ConversationEvent> = {
  table: TEXTS,
  apply: ({ organizationId, type, data }) => {
    const ofConversation = `DELETE FROM ${TEXTS} WHERE organization_id = $1 AND conversation_id = $2`;
    switch (type) {
      case 'ConversationCreated': {
        const { message } = data.details ?? {};
        return message ? searchable(organizationId, ofMessage(data.id, message.id, message)) : [];
      }
      case 'ConversationMessageAdded':
        return data.body ? searchable(organizationId, ofMessage(data.id, data.messageId, data.body)) : [];
      case 'ConversationNoteAdded': {
        const { id: conversationId, noteId: id, message: text = '' } = data;
        return searchable(organizationId, { conversationId, id, source: 'note', text });
      }
      case 'ConversationMessageAnonymized':
        return [{ text: `${ofConversation} AND id = $3`, values: [organizationId, data.id, data.messageId] }];
      case 'ConversationAnonymized':
        return [{ text: ofConversation, values: [organizationId, data.id] }];
      default:
        return [];
    }
  },
};

function ofMessage(conversationId: number, id: string, body: Pick<MessageBody, 'content'>): SearchedText {
  return { conversationId, id, source: 'message', text: textOfMessage(body) };
}

/** Writes the words of the subject, which a conversation has from its beginning until it is anonymized. */
export const subjectPart: Part<Conversation | undefined> = {
  table: SUBJECTS,
  owner: 'conversation_id',
  change: ({ organizationId, id }, before, after) => {
    const [was, is] = [before?.details?.subject, after?.details?.subject];
    if (was === is) return [];
    const words = is === undefined ? undefined : tsvectorOf(organizationId, Number(id), is);
    const removal = {
      text: `DELETE FROM ${SUBJECTS} WHERE organization_id = $1 AND conversation_id = $2`,
      values: [organizationId, id],
    };
    const insertion = {
      text: `INSERT INTO ${SUBJECTS} (organization_id, conversation_id, words) VALUES ($1, $2, $3)`,
      values: [organizationId, id, words],
    };
    return [...(was === undefined ? [] : [removal]), ...(words === undefined ? [] : [insertion])];
  },
};

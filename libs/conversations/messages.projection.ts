import { type Statement } from '#libs/database/batch.js';
import { type Projection } from '#libs/event-store/stream-definition.js';
import { type ConversationEvent, type FirstMessage, type MessageBody } from './conversation.rules.js';
import { sanitizedHtml } from './sanitized-html.js';

const INSERT = `INSERT INTO conversation_messages
  (organization_id, conversation_id, id, author_id, direction, created_at, version, external_id, body, sanitized)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

/** The version of the event that begins a conversation. It contains the first message of older conversations. */
export const BEGINNING = 1;

/** The read table of messages. Anonymized messages stay in it without their bodies. */
export const messageProjection: Projection<ConversationEvent> = {
  table: 'conversation_messages',
  apply: ({ organizationId, type, data, version }) => {
    switch (type) {
      case 'ConversationCreated': {
        const { id, createdAt, details } = data;
        return details?.message ? [firstMessage([organizationId, id], createdAt, details.message)] : [];
      }
      case 'ConversationMessageAdded': {
        const { id, messageId, authorId, direction, createdAt, externalId, body } = data;
        const values = [messageId, authorId, direction, createdAt, version, externalId, ...bodyColumns(body)];
        return [{ text: INSERT, values: [organizationId, id, ...values] }];
      }
      case 'ConversationMessageAnonymized':
        return [
          {
            text: `UPDATE conversation_messages SET body = NULL, sanitized = NULL, external_id = NULL
                   WHERE organization_id = $1 AND id = $2`,
            values: [organizationId, data.messageId],
          },
        ];
      case 'ConversationAnonymized':
        return anonymized([organizationId, data.id]);
      default:
        return [];
    }
  },
};

/** Returns the values of `body` and `sanitized`. */
function bodyColumns(body: MessageBody | undefined): [body?: string, sanitized?: string] {
  const { content } = body ?? {};
  return [body && JSON.stringify(body), content?._type === 'Html' ? sanitizedHtml(content.value) : undefined];
}

function firstMessage(conversation: unknown[], createdAt: string, message: FirstMessage): Statement {
  const { id, authorId, direction, externalId, ...body } = message;
  const values = [id, authorId, direction, createdAt, BEGINNING, externalId, ...bodyColumns(body)];
  return { text: INSERT, values: [...conversation, ...values] };
}

/** A message that is part of the event that begins the conversation is removed without any trace. */
function anonymized(conversation: unknown[]): Statement[] {
  const where = 'WHERE organization_id = $1 AND conversation_id = $2';
  return [
    { text: `DELETE FROM conversation_messages ${where} AND version = ${BEGINNING}`, values: conversation },
    {
      text: `UPDATE conversation_messages SET body = NULL, sanitized = NULL, external_id = NULL ${where} AND body IS NOT NULL`,
      values: conversation,
    },
  ];
}

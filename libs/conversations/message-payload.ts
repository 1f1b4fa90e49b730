import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { fullyQualifiedName } from '#libs/webhooks/events/fully-qualified-name.published.js';
import { nullable, object } from '#libs/webhooks/events/payload-schemas.published.js';
import { instant, uuid } from './conversation-examples.js';
import { type ConversationEvent } from './conversation.rules.js';

type Added = Extract<ConversationEvent, { type: 'ConversationMessageAdded' }>['data'];

/** Returns a message as payloads show it. Once it is anonymized, its content is `null` and it has no attachments. */
export function messagePayload({ messageId, direction, createdAt, externalId, body }: Added) {
  const { content, attachments = [] } = body ?? {};
  return {
    id: messageId,
    direction: fullyQualifiedName(direction),
    external_id: externalId ?? null,
    content: content ? { type: fullyQualifiedName(content._type), value: content.value } : null,
    attachments: attachments.map(({ url, prettyName, contentType, size }) => ({
      url,
      pretty_name: prettyName ?? null,
      content_type: contentType ?? null,
      size: size ?? null,
    })),
    created_at: createdAt,
  };
}

export const messageExample = {
  id: EXAMPLE_IDS.message,
  direction: 'INBOUND',
  external_id: null,
  content: { type: 'TEXT', value: 'My order has not arrived.' },
  attachments: [
    {
      url: 'https://files.brown.example/receipt.pdf',
      pretty_name: 'receipt.pdf',
      content_type: 'application/pdf',
      size: 48_213,
    },
  ],
  created_at: '2026-03-14T09:26:53.589Z',
};

const text = { type: ['string', 'null'] };

export const messageSchema = object({
  id: uuid,
  direction: { enum: ['INBOUND', 'OUTBOUND', 'INTERNAL'] },
  external_id: text,
  content: nullable(object({ type: { enum: ['HTML', 'MARKDOWN', 'TEXT'] }, value: { type: 'string' } })),
  attachments: {
    type: 'array',
    items: object({
      url: { type: 'string', format: 'uri' },
      pretty_name: text,
      content_type: text,
      size: { type: ['integer', 'null'] },
    }),
  },
  created_at: instant,
});

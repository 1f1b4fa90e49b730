import { type Projection } from '#libs/event-store/stream-definition.js';
import { type ConversationEvent } from './conversation.rules.js';

/** The read table of notes. A conversation that is anonymized has none, since their texts are gone. */
export const noteProjection: Projection<ConversationEvent> = {
  table: 'conversation_notes',
  apply: ({ organizationId, type, data, version }) => {
    if (type === 'ConversationAnonymized') {
      return [
        {
          text: 'DELETE FROM conversation_notes WHERE organization_id = $1 AND conversation_id = $2',
          values: [organizationId, data.id],
        },
      ];
    }
    if (type !== 'ConversationNoteAdded' || data.message === undefined) return [];
    const { id, noteId, authorId, createdAt, message } = data;
    return [
      {
        text: `INSERT INTO conversation_notes (organization_id, conversation_id, id, author_id, created_at, version, message)
               VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        values: [organizationId, id, noteId, authorId, createdAt, version, message],
      },
    ];
  },
};

import { type Projection } from '#libs/event-store/stream-definition.js';
import { type ConversationEvent } from './conversation.rules.js';

/** The read table of ratings. Their comments are gone once the conversation is anonymized. */
export const ratingProjection: Projection<ConversationEvent> = {
  table: 'conversation_ratings',
  apply: ({ organizationId, type, data, version }) => {
    switch (type) {
      case 'ConversationRatingOffered': {
        const { id, ratingId, ratingType, agentId, endUserId, offeredAt } = data;
        return [
          {
            text: `INSERT INTO conversation_ratings
                     (organization_id, conversation_id, id, version, type, agent_id, user_id, offered_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
            values: [organizationId, id, ratingId, version, ratingType, agentId, endUserId, offeredAt],
          },
        ];
      }
      case 'ConversationRated': {
        const { ratingId, userId, score, comment, submittedAt } = data;
        return [
          {
            text: `UPDATE conversation_ratings SET score = $3, comment = $4, rated_at = $5, user_id = $6
                   WHERE organization_id = $1 AND id = $2`,
            values: [organizationId, ratingId, score, comment, submittedAt, userId],
          },
        ];
      }
      case 'ConversationAnonymized':
        return [
          {
            text: 'UPDATE conversation_ratings SET comment = NULL WHERE organization_id = $1 AND conversation_id = $2',
            values: [organizationId, data.id],
          },
        ];
      default:
        return [];
    }
  },
};

import { type Projection } from '#libs/event-store/stream-definition.js';
import { type OrganizationEvent } from './organization.js';

/**
 * The read table of API tokens, fed by the organization's stream. Holds no token, only what recognizes one. Those that
 * count no longer stay: events name them.
 */
export const apiTokenProjection: Projection<OrganizationEvent> = {
  table: 'api_tokens',
  apply: (event) => {
    const { organizationId, recordedAt, metadata } = event;
    switch (event.type) {
      case 'ApiTokenIssued': {
        const { tokenId, name, actorId, tokenHash, scopes, expiresAt, rateLimit } = event.data;
        return [
          {
            text: `INSERT INTO api_tokens (organization_id, id, name, actor_id, token_hash, scopes, expires_at,
                     rate_per_second, rate_burst, created_at, created_by, created_by_token)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
            values: [
              ...[organizationId, tokenId, name, actorId, tokenHash, scopes, expiresAt],
              ...[rateLimit?.perSecond, rateLimit?.burst, recordedAt, metadata.actorId, metadata.tokenId],
            ],
          },
        ];
      }
      case 'ApiTokenRotated': {
        const { tokenId, tokenHash, previousUntil } = event.data;
        return [
          {
            text: `UPDATE api_tokens SET previous_hash = token_hash, previous_until = $3, token_hash = $4
                   WHERE organization_id = $1 AND id = $2`,
            values: [organizationId, tokenId, previousUntil, tokenHash],
          },
        ];
      }
      case 'ApiTokenRevoked':
        return [
          {
            text: 'UPDATE api_tokens SET revoked_at = $3 WHERE organization_id = $1 AND id = $2',
            values: [organizationId, event.data.tokenId, recordedAt],
          },
        ];
      default:
        return [];
    }
  },
};

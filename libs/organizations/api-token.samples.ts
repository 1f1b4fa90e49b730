import { samplesOf } from '#libs/testing/projected.js';
import { type ApiTokenEvent } from './api-token.rules.js';
import { apiTokenStream } from './api-token.stream.js';

const tokenId = '01980f72-3c4d-7e5f-8061-728394051627';
const actorId = '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5';
const [first, second] = ['a'.repeat(64), 'b'.repeat(64)];
const token = { tokenId, name: 'CRM', actorId, tokenHash: first, rateLimit: { perSecond: 10, burst: 20 } };
const issued: ApiTokenEvent = { type: 'ApiTokenIssued', data: { ...token, scopes: ['tags:read'] } };

export const apiTokenSamples = samplesOf(apiTokenStream, tokenId, {
  'a new token': {
    given: [issued],
    then: {
      api_tokens: [
        {
          id: tokenId,
          name: 'CRM',
          actor_id: actorId,
          secret_hash: first,
          scopes: ['tags:read'],
          rate_per_second: 10,
          rate_burst: 20,
          revoked_at: null,
        },
      ],
    },
  },
  'both secrets of a token that was rotated': {
    given: [
      issued,
      { type: 'ApiTokenRotated', data: { tokenId, tokenHash: second, previousUntil: '2099-01-01T00:00:00.000Z' } },
    ],
    then: {
      api_tokens: [{ secret_hash: second, previous_hash: first, previous_until: '2099-01-01T00:00:00+00:00' }],
    },
  },
  'a token that was revoked': {
    given: [issued, { type: 'ApiTokenRevoked', data: { tokenId } }],
    then: { api_tokens: [{ secret_hash: first, revoked_at: expect.any(String) as unknown }] },
  },
  'a token that got a stream of its own': {
    given: [
      {
        type: 'ApiTokenAdopted',
        data: { ...token, scopes: ['admin'], createdAt: '2025-01-01T00:00:00.000Z', createdBy: actorId },
      },
    ],
    then: { api_tokens: [{ created_at: '2025-01-01T00:00:00+00:00', created_by: actorId, scopes: ['admin'] }] },
  },
});

import { samplesOf } from '#libs/testing/projected.js';
import { type ApiTokenEvent } from './api-token.rules.js';
import { apiTokenStream } from './api-token.stream.js';

const tokenId = '01980f72-3c4d-7e5f-8061-728394051627';
const actorId = '01980f5c-77a1-7b02-b6f4-90c1d2e3f4a5';
const token = { tokenId, name: 'CRM', actorId, rateLimit: { perSecond: 10, burst: 20 } };
/** Hashes are unique in the installation, so each history has its own. */
const hash = (letter: string) => letter.repeat(64);
const issued = (letter: string): ApiTokenEvent => ({
  type: 'ApiTokenIssued',
  data: { ...token, tokenHash: hash(letter), scopes: ['tags:read'] },
});

export const apiTokenSamples = samplesOf(apiTokenStream, tokenId, {
  'a new token': {
    given: [issued('a')],
    then: {
      api_tokens: [
        {
          id: tokenId,
          name: 'CRM',
          actor_id: actorId,
          secret_hash: hash('a'),
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
      issued('b'),
      { type: 'ApiTokenRotated', data: { tokenId, tokenHash: hash('c'), previousUntil: '2099-01-01T00:00:00.000Z' } },
    ],
    then: {
      api_tokens: [{ secret_hash: hash('c'), previous_hash: hash('b'), previous_until: '2099-01-01T00:00:00+00:00' }],
    },
  },
  'a token that was revoked': {
    given: [issued('d'), { type: 'ApiTokenRevoked', data: { tokenId } }],
    then: { api_tokens: [{ secret_hash: hash('d'), revoked_at: expect.any(String) as unknown }] },
  },
  'a token that got a stream of its own': {
    given: [
      {
        type: 'ApiTokenAdopted',
        data: {
          ...token,
          tokenHash: hash('e'),
          scopes: ['admin'],
          createdAt: '2025-01-01T00:00:00.000Z',
          createdBy: actorId,
        },
      },
    ],
    then: { api_tokens: [{ created_at: '2025-01-01T00:00:00+00:00', created_by: actorId, scopes: ['admin'] }] },
  },
});

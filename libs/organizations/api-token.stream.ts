import { type Statement } from '#libs/database/batch.js';
import { type Projection, type StreamDefinition } from '#libs/event-store/stream-definition.js';
import {
  type AdoptedToken,
  type ApiToken,
  type ApiTokenEvent,
  decideApiToken,
  evolveApiToken,
  type ApiTokenCommand,
  MAX_TOKENS_IN_FORCE,
} from './api-token.rules.js';
import { lockOrganization } from './organization-lock.published.js';

const INSERT = `INSERT INTO api_tokens (organization_id, id, name, actor_id, secret_hash, scopes, expires_at,
    rate_per_second, rate_burst, created_at, created_by, created_by_token, revoked_at, previous_hash, previous_until)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`;

/** Replaces the secret, and keeps the two earlier ones that work longest. No others work. */
const ROTATE = `UPDATE api_tokens SET secret_hash = $4, (previous_hash, previous_until, earlier_hash, earlier_until) = (
    SELECT (array_agg(hash))[1], (array_agg(until))[1], (array_agg(hash))[2], (array_agg(until))[2] FROM (
      SELECT * FROM (VALUES (secret_hash, $3::timestamptz), (previous_hash, previous_until), (earlier_hash, earlier_until))
        AS replaced (hash, until) ORDER BY until DESC NULLS LAST LIMIT 2) AS kept)
  WHERE organization_id = $1 AND id = $2`;

/**
 * The read table of API tokens. It holds only hashes of secrets. Revoked and expired tokens stay, because events refer
 * to them.
 */
const apiTokenProjection: Projection<ApiTokenEvent> = {
  table: 'api_tokens',
  apply: (event) => {
    const { organizationId, recordedAt, metadata } = event;
    switch (event.type) {
      case 'ApiTokenIssued': {
        const { actorId: createdBy, tokenId: createdByToken } = metadata;
        return [
          insert(organizationId, { ...event.data, createdAt: recordedAt.toISOString(), createdBy, createdByToken }),
        ];
      }
      case 'ApiTokenAdopted':
        return [insert(organizationId, event.data)];
      case 'ApiTokenRotated': {
        const { tokenId, tokenHash, previousUntil } = event.data;
        return [{ text: ROTATE, values: [organizationId, tokenId, previousUntil, tokenHash] }];
      }
      case 'ApiTokenRevoked':
        return [
          {
            text: 'UPDATE api_tokens SET revoked_at = $3 WHERE organization_id = $1 AND id = $2',
            values: [organizationId, event.data.tokenId, recordedAt],
          },
        ];
    }
  },
};

function insert(organizationId: string, token: AdoptedToken): Statement {
  const { tokenId, name, actorId, tokenHash, scopes, expiresAt, rateLimit } = token;
  const { createdAt, createdBy, createdByToken, revokedAt, previousHash, previousUntil } = token;
  return {
    text: INSERT,
    values: [
      ...[organizationId, tokenId, name, actorId, tokenHash, scopes, expiresAt, rateLimit?.perSecond, rateLimit?.burst],
      ...[createdAt, createdBy, createdByToken, revokedAt, previousHash, previousUntil],
    ],
  };
}

/** Number of tokens in force at `$2`, counted up to the limit `$3`. */
const IN_FORCE = `(SELECT count(*) FROM (
  SELECT FROM api_tokens WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at IS NULL
  UNION ALL SELECT FROM api_tokens WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at > $2
  LIMIT $3) AS in_force)`;

/**
 * Reads the number of the organization's tokens in force, at most {@link MAX_TOKENS_IN_FORCE}, as one row `{ count }`.
 */
export function tokensInForce(organizationId: string, at: string): Statement {
  return { text: `SELECT ${IN_FORCE} AS count`, values: [organizationId, at, MAX_TOKENS_IN_FORCE] };
}

/** Reads the token with which another one is issued: one row. */
export function issuerOf(organizationId: string, tokenId: string): Statement {
  return {
    text: `SELECT scopes, expires_at, revoked_at FROM api_tokens WHERE organization_id = $1 AND id = $2`,
    values: [organizationId, tokenId],
  };
}

/**
 * Guards for issuing a token: its issuer has not been revoked, and the organization stays within its limit. Concurrent
 * issues wait for each other.
 */
export function mayIssue(organizationId: string, issuerId: string | undefined, at: string): Statement[] {
  return [
    ...(issuerId === undefined ? [] : [notRevoked(organizationId, issuerId)]),
    lockOrganization(organizationId),
    { text: `SELECT guard(${IN_FORCE} < $3)`, values: [organizationId, at, MAX_TOKENS_IN_FORCE + 1] },
  ];
}

function notRevoked(organizationId: string, tokenId: string): Statement {
  return {
    text: `SELECT guard(EXISTS (SELECT FROM api_tokens
           WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL FOR SHARE))`,
    values: [organizationId, tokenId],
  };
}

/** Fields of token events, in any stream, that are never shown: they identify secrets. */
export const TOKEN_HASHES = ['tokenHash', 'previousHash'];

export const apiTokenStream: StreamDefinition<ApiToken | undefined, ApiTokenEvent, ApiTokenCommand> = {
  category: 'token',
  types: { ApiTokenIssued: true, ApiTokenAdopted: true, ApiTokenRotated: true, ApiTokenRevoked: true },
  initialState: undefined,
  shape: 1,
  creates: 'IssueApiToken',
  decide: decideApiToken,
  evolve: evolveApiToken,
  hidden: TOKEN_HASHES,
  projections: [apiTokenProjection],
};

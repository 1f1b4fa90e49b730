import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import { type ApiTokenCommand, type ApiTokenEvent, decideApiToken, evolveApiTokens } from './api-token.js';

const [tokenId, actorId] = ['01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a', '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4'];
const at = '2026-03-14T09:26:53.000Z';
const choices = { tokenId, actorId, name: 'Shop', tokenHash: 'ab'.repeat(32), scopes: ['tags:write' as const] };
const issued: ApiTokenEvent = { type: 'ApiTokenIssued', data: { ...choices, expiresAt: '2026-04-01T00:00:00.000Z' } };
const revoked: ApiTokenEvent = { type: 'ApiTokenRevoked', data: { tokenId } };
const renewal = { tokenId, tokenHash: 'cd'.repeat(32), previousUntil: '2026-03-15T09:26:53.000Z' };
const rotated: ApiTokenEvent = { type: 'ApiTokenRotated', data: renewal };
const granted = ['tags:write', 'tokens:write'] as const;
const issue: ApiTokenCommand = { type: 'IssueApiToken', ...choices, granted, at };
const rotate: ApiTokenCommand = { type: 'RotateApiToken', ...renewal, granted, at };
const revoke: ApiTokenCommand = { type: 'RevokeApiToken', tokenId, granted };
const lacks = (scope: string) => new DomainError('forbidden', `The API token lacks the scope ${scope}`);
const tokens = given({ decide: decideApiToken, evolve: evolveApiTokens, initialState: {} });

describe('An API token', () => {
  it('is issued with what its issuer chose, its name without outer space', () => {
    tokens()
      .when({ ...issue, name: ' Shop ' })
      .then([{ type: 'ApiTokenIssued', data: choices }]);
    const rateLimit = { perSecond: 10, burst: 30 };
    tokens()
      .when({ ...issue, rateLimit })
      .then([{ type: 'ApiTokenIssued', data: { ...choices, rateLimit } }]);
  });

  it('may do only what its issuer may', () => {
    tokens()
      .when({ ...issue, scopes: ['tags:read', 'tokens:read'] })
      .then([{ type: 'ApiTokenIssued', data: { ...choices, scopes: ['tags:read', 'tokens:read'] } }]);
    tokens()
      .when({ ...issue, scopes: ['tags:read', 'teams:read'] })
      .then(lacks('teams:read'));
    tokens()
      .when({ ...issue, scopes: ['admin'] })
      .then(lacks('admin'));
  });

  it('expires in the future', () => {
    tokens()
      .when({ ...issue, expiresAt: at })
      .then(invalidBody([{ path: 'expiresAt', message: 'must be in the future' }]));
  });

  it('lives no longer than its issuer, unless that may do everything', () => {
    const heir = { ...choices, tokenId: '01980f5f-0000-7000-8000-000000000001' };
    const inherit: ApiTokenCommand = { ...issue, ...heir, issuerId: tokenId };
    const refusal = 'The API token expires at 2026-04-01T00:00:00.000Z, and gives none that lives longer';
    tokens(issued).when(inherit).then(new DomainError('forbidden', refusal));
    tokens(issued)
      .when({ ...inherit, expiresAt: '2026-04-01T00:00:00.001Z' })
      .then(new DomainError('forbidden', refusal));
    const expiresAt = '2026-04-01T00:00:00.000Z';
    tokens(issued)
      .when({ ...inherit, expiresAt })
      .then([{ type: 'ApiTokenIssued', data: { ...heir, expiresAt } }]);
    const byAdministrator = { ...issued.data, expiresAt, scopes: ['admin' as const] };
    tokens({ type: 'ApiTokenIssued', data: byAdministrator })
      .when(inherit)
      .then([{ type: 'ApiTokenIssued', data: heir }]);
  });

  it('gets another secret unless it has expired or been revoked', () => {
    tokens(issued).when(rotate).then([rotated]);
    const late = { ...rotate, at: '2026-04-01T00:00:00.000Z' };
    tokens(issued)
      .when(late)
      .then(new DomainError('conflict', `API token ${tokenId} has expired`));
    tokens(issued, rotated, revoked)
      .when(rotate)
      .then(new DomainError('conflict', `API token ${tokenId} has been revoked`));
  });

  it('is revoked once', () => {
    tokens(issued, rotated).when(revoke).then([revoked]);
    tokens(issued, revoked).when(revoke).then([]);
  });

  it('is left alone by those who may less, and must exist', () => {
    for (const command of [rotate, revoke]) {
      tokens(issued)
        .when({ ...command, granted: ['tokens:write'] })
        .then(lacks('tags:write'));
      tokens().when(command).then(notFound('API token', tokenId));
    }
  });
});

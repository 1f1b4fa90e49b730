import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { given } from '#libs/testing/given.js';
import {
  type ApiTokenCommand,
  type ApiTokenEvent,
  decideApiToken,
  evolveApiToken,
  MAX_TOKENS_IN_FORCE,
} from './api-token.rules.js';

const [tokenId, actorId] = ['01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a', '01980f5b-60f0-7a91-95d3-8fb0c1d2e3f4'];
const at = '2026-03-14T09:26:53.000Z';
const choices = { tokenId, actorId, name: 'Shop', tokenHash: 'ab'.repeat(32), scopes: ['tags:write' as const] };
const issued: ApiTokenEvent = { type: 'ApiTokenIssued', data: { ...choices, expiresAt: '2026-04-01T00:00:00.000Z' } };
const revoked: ApiTokenEvent = { type: 'ApiTokenRevoked', data: { tokenId } };
const renewal = { tokenId, tokenHash: 'cd'.repeat(32), previousUntil: '2026-03-15T09:26:53.000Z' };
const rotated: ApiTokenEvent = { type: 'ApiTokenRotated', data: renewal };
const granted = ['tags:write', 'tokens:write'] as const;
const issue = { type: 'IssueApiToken' as const, ...choices, granted, inForce: 0, at };
const rotate = { type: 'RotateApiToken' as const, ...renewal, granted, at };
const revoke: ApiTokenCommand = { type: 'RevokeApiToken', tokenId, granted };
const threeSecrets = `API token ${tokenId} has three secrets, which is the maximum; an earlier one works until 2026-03-14T10:00:00.000Z. Rotate after that, or with overlapSeconds 0, which ends the current secret at once`;
const lacks = (scope: string) => new DomainError('forbidden', `The API token lacks the scope ${scope}`);
const tokens = given({ decide: decideApiToken, evolve: evolveApiToken, initialState: undefined });

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
    const issuer = { scopes: choices.scopes, expiresAt: '2026-04-01T00:00:00.000Z', revoked: false };
    const inherit = { ...issue, ...heir, issuer };
    const refusal = 'A token that expires at 2026-04-01T00:00:00.000Z cannot issue one that expires later';
    tokens().when(inherit).then(new DomainError('forbidden', refusal));
    tokens()
      .when({ ...inherit, expiresAt: '2026-04-01T00:00:00.001Z' })
      .then(new DomainError('forbidden', refusal));
    const expiresAt = '2026-04-01T00:00:00.000Z';
    tokens()
      .when({ ...inherit, expiresAt })
      .then([{ type: 'ApiTokenIssued', data: { ...heir, expiresAt } }]);
    tokens()
      .when({ ...inherit, issuer: { ...issuer, scopes: ['admin'] } })
      .then([{ type: 'ApiTokenIssued', data: heir }]);
  });

  it('is not issued with one that has been revoked meanwhile', () => {
    tokens()
      .when({ ...issue, issuer: { scopes: [...granted], revoked: true } })
      .then(new DomainError('unauthenticated', 'The API token has been revoked'));
  });

  it('is not issued when as many are in force as may be', () => {
    tokens()
      .when({ ...issue, inForce: MAX_TOKENS_IN_FORCE - 1 })
      .then([{ type: 'ApiTokenIssued', data: choices }]);
    const refusal =
      'The organization has 1,000 valid API tokens, which is the maximum. Revoke an unused one: GET /v1/tokens says when each was last used';
    tokens()
      .when({ ...issue, inForce: MAX_TOKENS_IN_FORCE })
      .then(new DomainError('conflict', refusal));
  });

  it('has three secrets at most, of which each keeps its time', () => {
    const until = (previousUntil: string): ApiTokenEvent => ({
      type: 'ApiTokenRotated',
      data: { ...renewal, previousUntil },
    });
    const [first, second] = [until('2026-03-14T11:00:00.000Z'), until('2026-03-14T10:00:00.000Z')];
    tokens(issued, first).when(rotate).then([rotated]);
    tokens(issued, first, second).when(rotate).then(new DomainError('conflict', threeSecrets));
    tokens(issued, first, second)
      .when({ ...rotate, at: '2026-03-14T10:00:00.000Z' })
      .then([rotated]);
    const atOnce = { ...rotate, previousUntil: at };
    tokens(issued, first, second)
      .when(atOnce)
      .then([until(at)]);
    tokens(issued, first, second, until(at)).when(rotate).then(new DomainError('conflict', threeSecrets));
  });

  it('goes on in a stream of its own as it was in that of its organization', () => {
    const { expiresAt } = issued.data as { expiresAt: string };
    const then = { ...choices, expiresAt, createdAt: at, createdBy: actorId, previousHash: 'ef'.repeat(32) };
    const adopted = (more: object): ApiTokenEvent => ({ type: 'ApiTokenAdopted', data: { ...then, ...more } });
    tokens(adopted({})).when(rotate).then([rotated]);
    tokens(adopted({ previousUntil: '2026-03-14T10:00:00.000Z' }), rotated)
      .when(rotate)
      .then(new DomainError('conflict', threeSecrets));
    tokens(adopted({ revokedAt: at }))
      .when(revoke)
      .then([]);
    tokens(adopted({}))
      .when({ ...revoke, granted: [] })
      .then(lacks('tags:write'));
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

import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { faultOfBurst, type RateLimit } from '#libs/platform/rate-limits.js';
import { grants, type Scope } from '#libs/platform/scopes.js';

/** Maximum number of an organization's tokens in force: neither revoked nor expired. */
export const MAX_TOKENS_IN_FORCE = 1_000;
/** Maximum number of replaced secrets of a token that still work. With the current one, there are three. */
const MAX_EARLIER_SECRETS = 2;

/** An API token as its issuer describes it, without its secret. */
export interface IssuedToken {
  tokenId: string;
  name: string;
  /** The actor on whose behalf the token acts. */
  actorId: string;
  /** SHA-256 of the secret, in hex. */
  tokenHash: string;
  scopes: Scope[];
  /** An instant in ISO 8601. If it is absent, the token does not expire. */
  expiresAt?: string;
  /** If it is absent, the installation's limit applies. */
  rateLimit?: RateLimit;
}

/** A token whose events were in its organization's stream, in the state in which it got its own stream. */
export interface AdoptedToken extends IssuedToken {
  createdAt: string;
  createdBy: string;
  createdByToken?: string;
  revokedAt?: string;
  previousHash?: string;
  previousUntil?: string;
}

/** The state of a token that later decisions depend on. */
export interface ApiToken {
  scopes: Scope[];
  expiresAt?: string;
  revoked: boolean;
  /** The times until which earlier secrets work: the latest ones, in order. */
  earlierUntil: string[];
}

/** The token with which another one is issued. */
export type Issuer = Pick<ApiToken, 'scopes' | 'expiresAt' | 'revoked'>;

/** The commands. `granted` are the caller's scopes; `at` is the time of the command. */
export type ApiTokenCommand =
  | ({
      type: 'IssueApiToken';
      granted: readonly Scope[];
      issuer?: Issuer;
      /** Number of the organization's tokens in force, counted up to the limit. */
      inForce: number;
      at: string;
    } & IssuedToken)
  | {
      type: 'RotateApiToken';
      tokenId: string;
      tokenHash: string;
      /** Until then, the token's current secret works, too. */
      previousUntil: string;
      granted: readonly Scope[];
      at: string;
    }
  | { type: 'RevokeApiToken'; tokenId: string; granted: readonly Scope[] };

export type ApiTokenEvent =
  | { type: 'ApiTokenIssued'; data: IssuedToken }
  | { type: 'ApiTokenAdopted'; data: AdoptedToken }
  | { type: 'ApiTokenRotated'; data: { tokenId: string; tokenHash: string; previousUntil: string } }
  | { type: 'ApiTokenRevoked'; data: { tokenId: string } };

/** Callers cannot issue, renew or revoke tokens with scopes that they lack. Revoking twice changes nothing. */
export function decideApiToken(command: ApiTokenCommand, token: ApiToken | undefined): ApiTokenEvent[] | DomainError {
  if (command.type === 'IssueApiToken') return issue(command);
  if (!token) return notFound('API token', command.tokenId);
  const refusal = refuseBeyond(command.granted, token.scopes);
  if (refusal) return refusal;
  if (command.type === 'RotateApiToken') return rotate(command, token);
  return token.revoked ? [] : [{ type: 'ApiTokenRevoked', data: { tokenId: command.tokenId } }];
}

function issue(command: Extract<ApiTokenCommand, { type: 'IssueApiToken' }>): ApiTokenEvent[] | DomainError {
  const { tokenId, name, actorId, tokenHash, scopes, expiresAt, rateLimit, issuer, inForce } = command;
  if (hasPassed(expiresAt, command.at)) {
    return invalidBody([{ path: 'expiresAt', message: 'must be in the future' }]);
  }
  const fault = rateLimit && faultOfBurst(rateLimit);
  if (fault) return invalidBody([{ path: 'rateLimit.burst', message: fault }]);
  if (issuer?.revoked) return new DomainError('unauthenticated', 'The API token has been revoked');
  const refusal = refuseBeyond(command.granted, scopes) ?? refuseLongerLife(issuer, expiresAt);
  if (refusal) return refusal;
  if (inForce >= MAX_TOKENS_IN_FORCE) return tooMany();
  const limits = { ...(expiresAt !== undefined && { expiresAt }), ...(rateLimit && { rateLimit }) };
  return [{ type: 'ApiTokenIssued', data: { tokenId, name: name.trim(), actorId, tokenHash, scopes, ...limits } }];
}

function rotate(
  { tokenId, tokenHash, previousUntil, at }: Extract<ApiTokenCommand, { type: 'RotateApiToken' }>,
  token: ApiToken,
): ApiTokenEvent[] | DomainError {
  if (token.revoked) return new DomainError('conflict', `API token ${tokenId} has been revoked`);
  if (hasPassed(token.expiresAt, at)) return new DomainError('conflict', `API token ${tokenId} has expired`);
  const working = token.earlierUntil.filter((until) => !hasPassed(until, at));
  if (working.length === MAX_EARLIER_SECRETS && !hasPassed(previousUntil, at)) {
    return tooManySecrets(tokenId, working[0] as string);
  }
  return [{ type: 'ApiTokenRotated', data: { tokenId, tokenHash, previousUntil } }];
}

export function evolveApiToken(token: ApiToken | undefined, event: ApiTokenEvent): ApiToken | undefined {
  switch (event.type) {
    case 'ApiTokenIssued':
      return issued(event.data);
    case 'ApiTokenAdopted': {
      const { revokedAt, previousUntil } = event.data;
      const earlierUntil = previousUntil === undefined ? [] : [previousUntil];
      return { ...issued(event.data), revoked: revokedAt !== undefined, earlierUntil };
    }
    case 'ApiTokenRotated': {
      if (!token) return undefined;
      // At most this number works at the same time.
      const earlierUntil = [...token.earlierUntil, event.data.previousUntil].sort().slice(-MAX_EARLIER_SECRETS);
      return { ...token, earlierUntil };
    }
    case 'ApiTokenRevoked':
      return token && { ...token, revoked: true };
  }
}

function issued({ scopes, expiresAt }: IssuedToken): ApiToken {
  return { scopes, ...(expiresAt !== undefined && { expiresAt }), revoked: false, earlierUntil: [] };
}

function refuseBeyond(granted: readonly Scope[], wanted: readonly Scope[]): DomainError | undefined {
  const lacking = wanted.find((scope) => !grants(granted, scope));
  return lacking && new DomainError('forbidden', `The API token lacks the scope ${lacking}`);
}

/** Refuses a token that would outlive its issuer; otherwise the issuer's expiry would have no effect. */
function refuseLongerLife(issuer: Issuer | undefined, expiresAt: string | undefined): DomainError | undefined {
  const last = issuer?.expiresAt;
  if (issuer?.scopes.includes('admin') || last === undefined) return undefined;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.parse(last)) return undefined;
  return new DomainError('forbidden', `A token that expires at ${last} cannot issue one that expires later`);
}

function tooMany(): DomainError {
  const most = MAX_TOKENS_IN_FORCE.toLocaleString('en');
  return new DomainError(
    'conflict',
    `The organization has ${most} valid API tokens, which is the maximum. Revoke an unused one: GET /v1/tokens says when each was last used`,
  );
}

function tooManySecrets(tokenId: string, until: string): DomainError {
  return new DomainError(
    'conflict',
    `API token ${tokenId} has three secrets, which is the maximum; an earlier one works until ${until}. Rotate after that, or with overlapSeconds 0, which ends the current secret at once`,
  );
}

function hasPassed(instant: string | undefined, at: string): boolean {
  return instant !== undefined && Date.parse(instant) <= Date.parse(at);
}

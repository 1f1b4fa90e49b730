import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { faultOfBurst, type RateLimit } from '#libs/platform/rate-limits.js';
import { grants, type Scope } from '#libs/platform/scopes.js';

/** Most tokens of an organization that are in force: neither revoked nor expired. */
export const MAX_TOKENS_IN_FORCE = 1_000;
/** Secrets of a token that rotations have replaced, and that still work. With the present one there are three. */
const MAX_EARLIER_SECRETS = 2;

/** An API token as its issuer describes it, without the token itself. */
export interface IssuedToken {
  tokenId: string;
  name: string;
  /** On whose behalf it acts. */
  actorId: string;
  /** SHA-256 in hex. */
  tokenHash: string;
  scopes: Scope[];
  /** An instant in ISO 8601; without it, the token does not expire. */
  expiresAt?: string;
  /** Without it, the installation's limit counts. */
  rateLimit?: RateLimit;
}

/** A token whose events stood in the stream of its organization, as it was when it got a stream of its own. */
export interface AdoptedToken extends IssuedToken {
  createdAt: string;
  createdBy: string;
  createdByToken?: string;
  revokedAt?: string;
  previousHash?: string;
  previousUntil?: string;
}

/** What later decisions about a token depend on. */
export interface ApiToken {
  scopes: Scope[];
  expiresAt?: string;
  revoked: boolean;
  /** Until when earlier secrets work: those that work longest, in order. */
  earlierUntil: string[];
}

/** The token that another one is issued with. */
export type Issuer = Pick<ApiToken, 'scopes' | 'expiresAt' | 'revoked'>;

/** `granted` are the scopes of whoever commands; `at` is the instant of the command. */
export type ApiTokenCommand =
  | ({
      type: 'IssueApiToken';
      granted: readonly Scope[];
      issuer?: Issuer;
      /** How many tokens of the organization are in force; larger numbers may be given as the limit. */
      inForce: number;
      at: string;
    } & IssuedToken)
  | {
      type: 'RotateApiToken';
      tokenId: string;
      tokenHash: string;
      /** Until then, the token's present secret works, too. */
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

/** Nobody gives, renews or takes away what they may not do themselves. Revoking twice changes nothing. */
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
      // Never more than these work at once, so no other one does.
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

/** Else it would not matter when a token expires that may issue others. */
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

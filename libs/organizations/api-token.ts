import { DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';
import { faultOfBurst, type RateLimit } from '#libs/platform/rate-limits.js';
import { grants, type Scope } from '#libs/platform/scopes.js';

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

/** What later decisions about a token depend on. */
export interface ApiToken {
  scopes: Scope[];
  expiresAt?: string;
  revoked: boolean;
}

/** An organization's tokens by id, those that count no longer included. */
export type ApiTokens = Readonly<Record<string, ApiToken>>;

/** `granted` are the scopes of whoever commands; `at` is the instant of the command. */
export type ApiTokenCommand =
  | ({ type: 'IssueApiToken'; granted: readonly Scope[]; issuerId?: string; at: string } & IssuedToken)
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
  | { type: 'ApiTokenRotated'; data: { tokenId: string; tokenHash: string; previousUntil: string } }
  | { type: 'ApiTokenRevoked'; data: { tokenId: string } };

/** Nobody gives, renews or takes away what they may not do themselves. Revoking twice changes nothing. */
export function decideApiToken(command: ApiTokenCommand, tokens: ApiTokens): ApiTokenEvent[] | DomainError {
  if (command.type === 'IssueApiToken') return issue(command, command.issuerId ? tokens[command.issuerId] : undefined);
  const token = tokens[command.tokenId];
  if (!token) return notFound('API token', command.tokenId);
  const refusal = refuseBeyond(command.granted, token.scopes);
  if (refusal) return refusal;
  const { tokenId } = command;
  switch (command.type) {
    case 'RotateApiToken': {
      if (token.revoked) return new DomainError('conflict', `API token ${tokenId} has been revoked`);
      if (hasPassed(token.expiresAt, command.at))
        return new DomainError('conflict', `API token ${tokenId} has expired`);
      const { tokenHash, previousUntil } = command;
      return [{ type: 'ApiTokenRotated', data: { tokenId, tokenHash, previousUntil } }];
    }
    case 'RevokeApiToken':
      return token.revoked ? [] : [{ type: 'ApiTokenRevoked', data: { tokenId } }];
  }
}

/** @param issuer the token that asks for it, if one does */
function issue(
  command: Extract<ApiTokenCommand, { type: 'IssueApiToken' }>,
  issuer: ApiToken | undefined,
): ApiTokenEvent[] | DomainError {
  const { tokenId, name, actorId, tokenHash, scopes, expiresAt, rateLimit } = command;
  if (hasPassed(expiresAt, command.at)) {
    return invalidBody([{ path: 'expiresAt', message: 'must be in the future' }]);
  }
  const fault = rateLimit && faultOfBurst(rateLimit);
  if (fault) return invalidBody([{ path: 'rateLimit.burst', message: fault }]);
  const refusal = refuseBeyond(command.granted, scopes) ?? refuseLongerLife(issuer, expiresAt);
  if (refusal) return refusal;
  const limits = { ...(expiresAt !== undefined && { expiresAt }), ...(rateLimit && { rateLimit }) };
  return [{ type: 'ApiTokenIssued', data: { tokenId, name: name.trim(), actorId, tokenHash, scopes, ...limits } }];
}

export function evolveApiTokens(tokens: ApiTokens, event: ApiTokenEvent): ApiTokens {
  switch (event.type) {
    case 'ApiTokenIssued': {
      const { tokenId, scopes, expiresAt } = event.data;
      return { ...tokens, [tokenId]: { scopes, ...(expiresAt !== undefined && { expiresAt }), revoked: false } };
    }
    case 'ApiTokenRotated':
      return tokens;
    case 'ApiTokenRevoked': {
      const token = tokens[event.data.tokenId];
      return token ? { ...tokens, [event.data.tokenId]: { ...token, revoked: true } } : tokens;
    }
  }
}

function refuseBeyond(granted: readonly Scope[], wanted: readonly Scope[]): DomainError | undefined {
  const lacking = wanted.find((scope) => !grants(granted, scope));
  return lacking && new DomainError('forbidden', `The API token lacks the scope ${lacking}`);
}

/** Else it would not matter when a token expires that may issue others. */
function refuseLongerLife(issuer: ApiToken | undefined, expiresAt: string | undefined): DomainError | undefined {
  const last = issuer?.expiresAt;
  if (issuer?.scopes.includes('admin') || last === undefined) return undefined;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.parse(last)) return undefined;
  return new DomainError('forbidden', `The API token expires at ${last}, and gives none that lives longer`);
}

function hasPassed(instant: string | undefined, at: string): boolean {
  return instant !== undefined && Date.parse(instant) <= Date.parse(at);
}

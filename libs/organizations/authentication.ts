import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Counter } from 'prom-client';
import { clientNetwork } from '#libs/http/client-network.js';
import { type AuthenticatedRequest } from '#libs/http/request-context.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type Quota, RateLimiter } from '#libs/platform/rate-limiter.js';
import { RateLimits } from '#libs/platform/rate-limits.js';
import { grants, scopeOf } from '#libs/platform/scopes.js';
import { type TokenIdentity, TokenLookup } from './token-lookup.js';
import { API_TOKEN_PATTERN, hashApiToken } from './token-secret.js';
import { TokenUsage } from './token-usage.js';

/** Authentication schemes that clients may send by mistake. */
const SCHEMES = ['Basic', 'Digest', 'Token', 'Negotiate', 'ApiKey', 'OAuth'];

const refused = new Counter({
  name: 'deskstream_http_rate_limited_requests_total',
  help: "Requests beyond a rate limit: the token's own, or that of clients with invalid tokens.",
  labelNames: ['limit'],
});

/** The limits that a request may exceed. */
type Limit = 'token' | 'invalid_tokens';

/**
 * Admits requests whose token is valid, has the required scope, and is within its rate limit. Sets the caller. Both
 * `<token>` and `Bearer <token>` work.
 */
@Injectable()
export class Authentication {
  /** Invalid tokens are counted in this process only: they are not worth a round trip to Redis. */
  readonly #guesses = new RateLimiter();

  constructor(
    private readonly lookup: TokenLookup,
    private readonly usage: TokenUsage,
    private readonly limiter: RateLimiter,
    private readonly limits: RateLimits,
  ) {}

  /** Admits a request. @throws {DomainError} `unauthenticated`, `too-many-requests`, `forbidden` */
  async admit(request: AuthenticatedRequest, reply: FastifyReply): Promise<void> {
    const identity = await this.#identify(request);
    mustBeValid(identity, Date.now());
    const limit = identity.rateLimit ?? this.limits.perToken;
    if (limit) mustRemain('token', showing(reply, await this.limiter.take(identity.tokenId, limit)));
    request.charge = async (requests) => {
      if (limit) showing(reply, await this.limiter.charge(identity.tokenId, limit, requests));
    };
    mustBeGranted(request, identity);
    const { organizationId, actorId, tokenId, scopes } = identity;
    this.usage.note(organizationId, tokenId);
    request.scopes = scopes;
    request.caller = { organizationId, actorId, tokenId, requestId: request.id };
    request.reauthorize = () => this.#reauthorize(request);
  }

  /** The token was admitted before, so invalid tokens from the same network do not count. */
  async #reauthorize(request: AuthenticatedRequest): Promise<void> {
    const hash = hashApiToken(tokenOf(request));
    const identity = this.lookup.known(hash) ?? (await this.lookup.find(hash));
    if (!identity) throw new DomainError('unauthenticated', 'The API token is not valid');
    mustBeValid(identity, Date.now());
    mustBeGranted(request, identity);
    request.scopes = identity.scopes;
  }

  async #identify(request: AuthenticatedRequest): Promise<TokenIdentity> {
    const token = tokenOf(request);
    const hash = hashApiToken(token);
    const identity = this.lookup.known(hash) ?? (await this.#guess(token, hash, request.ip));
    if (!identity) throw new DomainError('unauthenticated', 'The API token is not valid');
    return identity;
  }

  /** Looks up a token that is not cached. A network with too many failures must wait before its next look-up. */
  async #guess(token: string, hash: string, ip: string): Promise<TokenIdentity | undefined> {
    const { failures } = this.limits;
    const network = clientNetwork(ip);
    if (failures) mustRemain('invalid_tokens', await this.#guesses.look(network, failures));
    const identity = API_TOKEN_PATTERN.test(token) ? await this.lookup.find(hash) : undefined;
    if (!identity && failures) await this.#guesses.take(network, failures);
    return identity;
  }
}

function tokenOf({ headers: { authorization = '' } }: AuthenticatedRequest): string {
  const token = authorization.replace(/^Bearer\s+/i, '').trim();
  const fault = faultOfToken(token, /^Bearer\s/i.test(authorization));
  if (fault) throw new DomainError('unauthenticated', fault);
  return token;
}

/** Returns why a text cannot be an API token, or undefined. The reason does not repeat it: it may be a secret. */
function faultOfToken(token: string, isBearer: boolean): string | undefined {
  if (token === '') return 'Send an API token: Authorization: Bearer <token>';
  if (token.includes('$')) return 'The API token contains a $: was a shell variable not expanded?';
  const [scheme] = token.split(/\s/, 1);
  if (scheme === token) return undefined;
  if (isBearer) return 'The API token contains white space; send Authorization: Bearer <token>';
  return `${known(scheme)} is not accepted; send an API token: Authorization: Bearer <token>`;
}

/** Returns the name of a known authentication scheme. Other words in its place may be part of a secret. */
function known(scheme = ''): string {
  return SCHEMES.find((name) => name.toLowerCase() === scheme.toLowerCase()) ?? 'This authentication scheme';
}

/** Throws unless the token is still valid. The reason may be disclosed, since the caller has the secret. */
function mustBeValid({ revoked, expiresAt, replacedAt }: TokenIdentity, now: number): void {
  if (revoked) throw new DomainError('unauthenticated', 'The API token has been revoked');
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new DomainError('unauthenticated', 'The API token has expired');
  }
  if (replacedAt !== undefined && replacedAt <= now) {
    throw new DomainError('unauthenticated', 'The API token has been replaced by another secret');
  }
}

function mustBeGranted({ method, routeOptions }: AuthenticatedRequest, { scopes }: TokenIdentity): void {
  const needed = scopeOf(method, routeOptions.url ?? '');
  if (!grants(scopes, needed)) throw new DomainError('forbidden', `The API token lacks the scope ${needed}`);
}

function showing(reply: FastifyReply, quota: Quota): Quota {
  void reply.header('ratelimit-policy', quota.policy).header('ratelimit', quota.state);
  return quota;
}

function mustRemain(limit: Limit, { exceeded, resetSeconds }: Quota): void {
  if (!exceeded) return;
  refused.inc({ limit });
  const message = `Too many requests; try again in ${resetSeconds} second${resetSeconds === 1 ? '' : 's'}`;
  throw new DomainError('too-many-requests', message, { retryAfterSeconds: resetSeconds });
}

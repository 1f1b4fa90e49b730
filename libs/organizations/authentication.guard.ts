import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import { API_TOKEN_PATTERN } from '#libs/platform/config.js';
import { Database } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type AuthenticatedRequest } from '#libs/platform/http/request-context.js';
import { grants, type Scope, scopeOf } from '#libs/platform/scopes.js';
import { hashApiToken, sameHash } from './api-token.js';

/** Whom a token speaks for. */
interface TokenIdentity {
  organization_id: string;
  id: string;
  actor_id: string;
  token_hash: string;
  scopes: Scope[];
}

const PUBLIC = 'public';

/** Marks a route that needs no token. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Lets requests through whose token is valid and may do this, and says on whose behalf they act. Both `<token>` and `Bearer <token>` work. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  /** Saves a round trip a request; a token issued or revoked elsewhere takes effect within the time to live. */
  readonly #known = new LRUCache<string, TokenIdentity>({ max: 10_000, ttl: 5_000 });

  constructor(
    private readonly reflector: Reflector,
    private readonly database: Database,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride(PUBLIC, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    request.reauthorize = () => this.#authorize(request);
    await request.reauthorize();
    return true;
  }

  async #authorize(request: AuthenticatedRequest): Promise<void> {
    const identity = await this.#identify(request.headers.authorization);
    const needed = scopeOf(request.method, request.routeOptions.url ?? '');
    if (!grants(identity.scopes, needed)) {
      throw new DomainError('forbidden', `The API token lacks the scope ${needed}`);
    }
    request.scopes = identity.scopes;
    request.caller = {
      organizationId: identity.organization_id,
      actorId: identity.actor_id,
      tokenId: identity.id,
      requestId: request.id,
    };
  }

  async #identify(authorization = ''): Promise<TokenIdentity> {
    const token = authorization.replace(/^Bearer\s+/i, '').trim();
    if (!token) {
      throw new DomainError('unauthenticated', 'Send an API token: header Authorization: Bearer <token>');
    }
    const identity = API_TOKEN_PATTERN.test(token) ? await this.#lookUp(hashApiToken(token)) : undefined;
    if (!identity) throw new DomainError('unauthenticated', 'The API token is not valid');
    return identity;
  }

  async #lookUp(hash: string): Promise<TokenIdentity | undefined> {
    const known = this.#known.get(hash);
    if (known) return known;
    const [found] = await this.database.query<TokenIdentity>(null, {
      text: 'SELECT organization_id, id, actor_id, token_hash, scopes FROM find_api_token($1)',
      values: [hash],
    });
    if (!found || !sameHash(found.token_hash, hash)) return undefined;
    this.#known.set(hash, found);
    return found;
  }
}

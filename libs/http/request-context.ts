import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { randomUUIDv7 } from 'node:crypto';
import { type WriteContext } from '#libs/event-store/event.js';
import { grants, type Scope } from '#libs/platform/scopes.js';

/** A request of an authenticated caller; the authentication sets these fields. */
export interface AuthenticatedRequest extends FastifyRequest {
  caller: WriteContext;
  /** The scopes of the token. */
  scopes: readonly Scope[];
  /**
   * Checks the token again, for answers that take long. Updates `scopes`.
   * @throws {DomainError} `unauthenticated`, `forbidden`
   */
  reauthorize: () => Promise<void>;
  /** Counts further requests against the token's limit. A request that was admitted may exceed the limit. */
  charge: (requests: number) => Promise<void>;
}

/** Binds the caller of this request: its organization, actor, token and request id. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): WriteContext =>
    context.switchToHttp().getRequest<AuthenticatedRequest>().caller,
);

/** Binds whether the token has a scope, for operations that then return more. */
export const May = createParamDecorator((scope: Scope, context: ExecutionContext): boolean =>
  grants(context.switchToHttp().getRequest<AuthenticatedRequest>().scopes, scope),
);

/** Binds the scopes of the token, for operations that grant scopes to others. */
export const GrantedScopes = createParamDecorator(
  (_: unknown, context: ExecutionContext): readonly Scope[] =>
    context.switchToHttp().getRequest<AuthenticatedRequest>().scopes,
);

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Returns the client's `X-Request-Id` if it is short and plain, else a new id. */
export function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUIDv7();
}

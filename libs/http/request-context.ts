import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { randomUUIDv7 } from 'node:crypto';
import { type WriteContext } from '#libs/event-store/event.js';
import { grants, type Scope } from '#libs/platform/scopes.js';

/** Who calls, as the token says; set by the authentication. */
export interface AuthenticatedRequest extends FastifyRequest {
  caller: WriteContext;
  /** What the token may do. */
  scopes: readonly Scope[];
  /**
   * Looks again whether the token may do this, for answers that take long; `scopes` are then what they are now.
   * @throws {DomainError} `unauthenticated`, `forbidden`
   */
  reauthorize: () => Promise<void>;
  /** Counts further requests against the token's limit. A request that was admitted may exceed the limit. */
  charge: (requests: number) => Promise<void>;
}

/** The caller of this request: its organization, actor, token and request id. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): WriteContext =>
    context.switchToHttp().getRequest<AuthenticatedRequest>().caller,
);

/** Whether the token has a scope, where an operation answers more to those who have. */
export const May = createParamDecorator((scope: Scope, context: ExecutionContext): boolean =>
  grants(context.switchToHttp().getRequest<AuthenticatedRequest>().scopes, scope),
);

/** What the token may do, where an operation gives of it to others. */
export const GrantedScopes = createParamDecorator(
  (_: unknown, context: ExecutionContext): readonly Scope[] =>
    context.switchToHttp().getRequest<AuthenticatedRequest>().scopes,
);

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The client's `X-Request-Id` when it is short and plain, else a new one. */
export function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUIDv7();
}

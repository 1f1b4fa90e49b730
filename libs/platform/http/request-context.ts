import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { randomUUIDv7 } from 'node:crypto';
import { type WriteContext } from '#libs/event-store/event.js';

/** Who calls, as the token says; set by the authentication guard. */
export interface AuthenticatedRequest extends FastifyRequest {
  caller: WriteContext;
}

/** The caller of this request: its organization, actor, token and request id. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): WriteContext =>
    context.switchToHttp().getRequest<AuthenticatedRequest>().caller,
);

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The client's `X-Request-Id` when it is short and plain, else a new one. */
export function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUIDv7();
}

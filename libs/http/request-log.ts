import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Logger } from 'pino';
import { OperationConfig } from './operation-config.js';
import { type AuthenticatedRequest } from './request-context.js';
import { routeOf } from './request-metrics.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the operation delays its response, or continues it, until there are events. */
    heldOpen?: boolean;
  }
}

/** Marks an operation whose requests are long because they wait: they are not slow. */
export const HeldOpen = () => OperationConfig({ heldOpen: true });

/**
 * Logs a line for each request at `debug`, and at `warn` for slow ones. Lines hold the route's pattern: paths and
 * queries can hold personal data.
 * @param slowMs the minimum duration of a slow request
 */
export function logRequests(fastify: FastifyInstance, logger: Logger, slowMs: number): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const isSlow = reply.elapsedTime >= slowMs && !request.routeOptions.config.heldOpen;
    if (isSlow) logger.warn(lineOf(request, reply), 'Slow request');
    else if (logger.isLevelEnabled('debug')) logger.debug(lineOf(request, reply), 'Request');
    done();
  });
}

function lineOf(request: FastifyRequest, { statusCode, elapsedTime }: FastifyReply) {
  const { caller } = request as Partial<AuthenticatedRequest>;
  return {
    method: request.method,
    route: routeOf(request),
    status: statusCode,
    durationMs: Math.round(elapsedTime),
    organizationId: caller?.organizationId,
    requestId: request.id,
  };
}

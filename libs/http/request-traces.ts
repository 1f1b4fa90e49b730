import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type OpenSpan } from '#libs/platform/span.js';
import { beginSpan, within } from '#libs/platform/tracing.js';
import { type AuthenticatedRequest } from './request-context.js';
import { routeOf } from './request-metrics.js';

/** Makes a span of each request, and continues the trace that its `traceparent` names. */
export function traceRequests(fastify: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request;
    const span = beginSpan(`${method} ${routeOf(request)}`, {
      kind: 'server',
      parent: oneOf(headers.traceparent),
      attributes: {
        'http.request.method': method,
        'http.route': routeOf(request),
        'deskstream.request_id': request.id,
      },
    });
    if (!span) {
      done();
      return;
    }
    spans.set(request, span);
    within(span, done);
  });
  // The body arrives in another asynchronous context.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) within(span, done);
    else done();
  });
  fastify.addHook('onResponse', (request, { statusCode }, done) => {
    const { caller } = request as Partial<AuthenticatedRequest>;
    const attributes = {
      'http.response.status_code': statusCode,
      ...(caller && { 'deskstream.organization_id': caller.organizationId }),
    };
    spans.get(request)?.end(attributes, statusCode >= 500 ? String(statusCode) : undefined);
    done();
  });
}

const oneOf = (header: string | string[] | undefined) => (typeof header === 'string' ? header : undefined);

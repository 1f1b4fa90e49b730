import cors from '@fastify/cors';
import { type FastifyInstance } from 'fastify';
import helmet from 'helmet';

/** What Swagger UI needs, and no more: nothing from elsewhere, in no frame. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

/** Tells browsers to mistrust what comes from here, and everyone not to keep answers that have no ETag. */
export function addSecurityHeaders(fastify: FastifyInstance): void {
  // Made once: the plugin for Fastify makes it anew for each request, at more than twice the cost.
  const protect = helmet({
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    xFrameOptions: { action: 'deny' },
    // Other hosts of the domain are not ours to speak for.
    strictTransportSecurity: { includeSubDomains: false },
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    protect(request.raw, reply.raw, () => {
      done();
    });
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) {
      reply.header('cache-control', reply.hasHeader('etag') ? 'private, no-cache' : 'no-store');
    }
    done();
  });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SENT = ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'Last-Event-ID'];
const SHOWN = ['ETag', 'Idempotent-Replayed', 'Link', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'];
const PREFLIGHT_SECONDS = 600;

/**
 * Lets scripts of other origins call the API. They send a token, so there are no cookies to protect.
 * @param origins such as `https://app.example`, or `*` for all; none are let in when there are none
 */
export async function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await fastify.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: METHODS,
    allowedHeaders: [...SENT, 'X-Request-Id'],
    exposedHeaders: SHOWN,
    maxAge: PREFLIGHT_SECONDS,
  });
}

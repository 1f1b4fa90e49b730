import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import cors from '@fastify/cors';
import { type FastifyInstance, type FastifyReply } from 'fastify';
import helmet from 'helmet';

// Subdomains may belong to other services.
const strictTransportSecurity = { includeSubDomains: false };

/** The sources that all pages may load: only their own origin, and no frames. */
const OWN_ORIGIN = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** The headers of the console's files. Browsers refuse to parse text as HTML in it. */
const OF_CONSOLE = pageHeaders({ requireTrustedTypesFor: ["'script'"], trustedTypes: ["'none'"] });

/** The headers of other pages. They allow the sources that Swagger UI needs. */
const OF_PAGES = pageHeaders({
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
});

/** The headers of everything else, as OWASP's REST Security Cheat Sheet recommends for JSON. */
const OF_DATA = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': OF_PAGES['strict-transport-security'],
  'x-content-type-options': OF_PAGES['x-content-type-options'],
  'x-frame-options': OF_PAGES['x-frame-options'],
};

/** The headers of errors that are answered outside of Fastify's hooks. */
export const OF_ERRORS = { ...OF_DATA, 'cache-control': 'no-store' };

/**
 * Returns the headers of a page that loads only from its own origin, and no frames.
 * @param directives of its Content Security Policy that differ
 */
export function pageHeaders(directives: Record<string, string[]>): OutgoingHttpHeaders {
  const xFrameOptions = { action: 'deny' } as const;
  return headersOf({
    strictTransportSecurity,
    xFrameOptions,
    contentSecurityPolicy: { useDefaults: false, directives: { ...OWN_ORIGIN, ...directives } },
  });
}

/** Returns the headers that helmet sets on each answer. They never change. */
function headersOf(options: Parameters<typeof helmet>[0]): OutgoingHttpHeaders {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet(options)(request, response, () => undefined);
  return response.getHeaders();
}

/** Adds security headers to all answers, and forbids storing answers without an ETag. */
export function addSecurityHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    reply.headers(headersFor(reply));
    if (!reply.hasHeader('cache-control')) {
      reply.header('cache-control', reply.hasHeader('etag') ? 'private, no-cache' : 'no-store');
    }
    done();
  });
}

function headersFor(reply: FastifyReply): OutgoingHttpHeaders {
  // By its path, because a 304 has no content type, and its headers replace those in the browser's cache.
  if (reply.request.routeOptions.url?.startsWith('/console')) return OF_CONSOLE;
  return String(reply.getHeader('content-type')).startsWith('text/html') ? OF_PAGES : OF_DATA;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SENT = ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'Last-Event-ID'];
const SHOWN = ['ETag', 'Idempotent-Replayed', 'Link', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'];
const PREFLIGHT_SECONDS = 600;

/**
 * Allows scripts of other origins to call the API. They send a token, so there are no cookies to protect.
 * @param origins such as `https://app.example`, or `*` for all; if empty, none is allowed
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

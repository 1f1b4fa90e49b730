import { type Server } from 'node:http';
import { type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { itemsOf } from '#libs/http/bulk-input.js';
import { answerClientError } from '#libs/http/client-errors.js';
import { composeText } from '#libs/http/composed-text.js';
import { ErrorFilter } from '#libs/http/error.filter.js';
import { originForm, requireHosts } from '#libs/http/hosts.js';
import { tellIgnoredParameters } from '#libs/http/ignored-parameters.js';
import { acceptJsonOnly } from '#libs/http/json-body.js';
import { MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_REQUESTS_PER_CONNECTION } from '#libs/http/limits.js';
import { parseQuery } from '#libs/http/query.js';
import { type AuthenticatedRequest, requestId } from '#libs/http/request-context.js';
import { Routes } from '#libs/http/routes.js';
import { addSecurityHeaders, allowOrigins, OF_ERRORS } from '#libs/http/security-headers.js';
import { limitUrls } from '#libs/http/url-limits.js';
import { answerVersions } from '#libs/http/versioned.js';
import { Authentication } from '#libs/organizations/authentication.js';
import { stringify } from '#libs/platform/json-text.js';
import { nestLogger } from '#libs/platform/logging.js';
import { CoreModule } from '../core.module.js';
import { type Runtime } from '../runtime.js';
import { serveOpenApi } from './openapi.js';
import { UNBUILT } from './unbuilt.js';

/** Pause between checks for connections that were idle or slow for too long. */
const CONNECTIONS_CHECK_MS = 1_000;
/** Maximum time without a byte on a connection, even of an answer. */
const SILENCE_TIMEOUT_MS = 120_000;
/** Pause between checks of a closing server for idle connections. */
const IDLE_CHECK_MS = 100;

/** Returns the HTTP application of a process with these roles; not listening yet. */
export async function createServer(runtime: Runtime, roles: Type[]): Promise<NestFastifyApplication> {
  const { http } = runtime.config;
  const routes = new Routes();
  const errors = new ErrorFilter(routes);
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: http.headersTimeoutMs,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      // requireHosts answers this in the form of all errors.
      requireHostHeader: false,
    },
    requestTimeout: http.requestTimeoutMs,
    keepAliveTimeout: http.idleTimeoutMs,
    connectionTimeout: SILENCE_TIMEOUT_MS,
    maxRequestsPerSocket: MAX_REQUESTS_PER_CONNECTION,
    clientErrorHandler: answerClientError,
    forceCloseConnections: 'idle',
    genReqId: requestId,
    rewriteUrl: originForm,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      // This runs before any hook.
      reply.headers({ ...OF_ERRORS, 'x-request-id': request.id });
      errors.answer(error, request, reply);
    },
    // No parameter is longer: URLs have their own limit, and validation limits parameters.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_HEADER_BYTES, querystringParser: parseQuery },
    trustProxy: [...runtime.config.trustedProxies],
  });
  const fastify = adapter.getInstance();
  routes.watch(fastify);
  acceptJsonOnly(fastify);
  answerVersions(fastify, runtime.database);
  tellIgnoredParameters(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  requireHosts(fastify);
  addSecurityHeaders(fastify);
  fastify.addHook('onRoute', (route) => {
    // The route of preflight requests precedes Nest's error handler.
    if (route.url === '*')
      route.errorHandler = (error, request, reply) => {
        errors.answer(error, request, reply);
      };
  });
  await allowOrigins(fastify, http.corsOrigins);
  limitUrls(fastify);
  composeText(fastify);
  fastify.setReplySerializer(stringify);
  fastify.addHook('preClose', (done) => {
    closeWhenIdle(fastify.server);
    done();
  });
  const app = await NestFactory.create<NestFastifyApplication>(CoreModule.forRoot(runtime, roles), adapter, {
    // Nest logs a line for each module and route while it starts.
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(errors);
  const authentication = app.get(Authentication);
  // Before the body is read, which refused requests do not need.
  fastify.addHook('onRequest', async (request, reply) => {
    if (needsToken(request)) await authentication.admit(request as AuthenticatedRequest, reply);
  });
  // A bulk request counts as many, which only its body shows.
  fastify.addHook('preValidation', async (request) => {
    const items = itemsOf(request);
    if (items > 1) await (request as AuthenticatedRequest).charge(items - 1);
  });
  serveOpenApi(app, runtime.config);
  await app.init();
  routes.reserve(fastify, UNBUILT);
  app.useLogger(nestLogger(runtime.logger));
  app.getHttpServer().maxConnections = http.maxConnections;
  return app;
}

/**
 * Closes connections of a closing server as they become idle. Fastify closes only those that are idle at first, but a
 * connection whose answer was complete before its request becomes idle later.
 */
function closeWhenIdle(server: Server): void {
  const timer = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_CHECK_MS);
  server.once('close', () => {
    clearInterval(timer);
  });
}

/** Returns whether a request needs a token: all under `/v1` do; `/health` and the documentation do not. */
function needsToken({ routeOptions: { url } }: FastifyRequest): boolean {
  return url?.startsWith('/v1/') ?? false;
}

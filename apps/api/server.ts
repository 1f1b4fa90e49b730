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

/** How often connections are looked at that may have been idle or slow for too long. */
const CONNECTIONS_CHECK_MS = 1_000;
/** A connection on which no byte moves, not even of an answer. */
const SILENCE_TIMEOUT_MS = 120_000;
/** How often a server that closes looks for connections that have become idle. */
const IDLE_CHECK_MS = 100;

/** The HTTP application of a process with these roles; not listening yet. */
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
      // Answered in the form of all errors, by requireHosts.
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
      // Before any hook.
      reply.headers({ ...OF_ERRORS, 'x-request-id': request.id });
      errors.answer(error, request, reply);
    },
    // Nothing that arrives is longer: how long URLs may be is for their own limit to say, and parameters for validation.
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
    // That of preflight requests comes before Nest's error handler.
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
    // Nest tells a line for each module and route while it starts.
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(errors);
  const authentication = app.get(Authentication);
  // Before the body is read: whoever is refused has sent it in vain.
  fastify.addHook('onRequest', async (request, reply) => {
    if (needsToken(request)) await authentication.admit(request as AuthenticatedRequest, reply);
  });
  // A request for many counts as many, which only its body tells.
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
 * While a server closes, Fastify drops the connections that are idle at first. One whose answer was there before all of
 * its request becomes so later.
 */
function closeWhenIdle(server: Server): void {
  const timer = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_CHECK_MS);
  server.once('close', () => {
    clearInterval(timer);
  });
}

/** Everything under `/v1` does; `/health` and the documentation are for all. */
function needsToken({ routeOptions: { url } }: FastifyRequest): boolean {
  return url?.startsWith('/v1/') ?? false;
}

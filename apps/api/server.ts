import { type Server as HttpServer } from 'node:http';
import { type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { itemsOf } from '#libs/http/bulk-input.js';
import { answerClientError } from '#libs/http/client-errors.js';
import { composeText } from '#libs/http/unicode-normalization.js';
import { ErrorFilter } from '#libs/http/error.filter.js';
import { originForm, requireHosts } from '#libs/http/hosts.js';
import { repeatSafely } from '#libs/http/idempotency.js';
import { tellIgnoredParameters } from '#libs/http/ignored-parameters.js';
import { acceptJsonOnly } from '#libs/http/json-body.js';
import { MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_REQUESTS_PER_CONNECTION } from '#libs/http/limits.js';
import { nameOrigins } from '#libs/http/origin.js';
import { parseQuery } from '#libs/http/query.js';
import { readFromReplica } from '#libs/http/replica-reads.js';
import { type AuthenticatedRequest, requestId } from '#libs/http/request-context.js';
import { logRequests } from '#libs/http/request-log.js';
import { measureRequests } from '#libs/http/request-metrics.js';
import { traceRequests } from '#libs/http/request-traces.js';
import { Routes } from '#libs/http/routes.js';
import { addSecurityHeaders, allowOrigins, OF_ERRORS } from '#libs/http/security-headers.js';
import { limitUrls } from '#libs/http/url-limits.js';
import { answerVersions } from '#libs/http/versioned.js';
import { Authentication } from '#libs/organizations/authentication.js';
import { stringify } from '#libs/platform/json-text.js';
import { nestLogger } from '#libs/platform/logging.js';
import { CoreModule } from '../core.module.js';
import { type Runtime } from '../runtime.js';
import { serveConsole } from './console.js';
import { serveOpenApi } from './openapi.js';

/** Pause between checks for connections that have been idle or slow for too long. */
const CONNECTIONS_CHECK_MS = 1_000;
/** Maximum time without a byte on a connection, even of an answer. */
const SILENCE_TIMEOUT_MS = 120_000;
/** Pause between checks of a closing server for idle connections. */
const IDLE_CHECK_MS = 100;

/** The context of the hooks of the HTTP server. */
interface Server {
  fastify: FastifyInstance;
  runtime: Runtime;
  routes: Routes;
  errors: ErrorFilter;
}

/** The hooks that run before Nest's own, in this order. */
const BEFORE_NEST: ((server: Server) => void | Promise<void>)[] = [
  function noteRoutes({ fastify, routes }) {
    routes.watch(fastify);
  },
  function log({ fastify, runtime }) {
    logRequests(fastify, runtime.logger, runtime.config.logSlowMs);
  },
  function trace({ fastify, runtime }) {
    if (runtime.config.otlpEndpoint !== undefined) traceRequests(fastify);
  },
  function measure({ fastify, runtime }) {
    if (runtime.config.metricsPort !== undefined) measureRequests(fastify);
  },
  function acceptJson({ fastify }) {
    acceptJsonOnly(fastify);
  },
  function answerEtags({ fastify, runtime }) {
    answerVersions(fastify, runtime.database);
  },
  function repeatWrites({ fastify, runtime: { database, cipher } }) {
    repeatSafely(fastify, database, cipher);
  },
  function useReplica({ fastify, runtime: { database, replica } }) {
    if (replica) readFromReplica(fastify, database, replica);
  },
  function reportIgnoredParameters({ fastify }) {
    tellIgnoredParameters(fastify);
  },
  function identifyRequests({ fastify }) {
    fastify.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      done();
    });
  },
  function tellOrigins({ fastify, runtime: { config, logger } }) {
    nameOrigins(fastify, {
      ...config,
      warn: (message) => {
        logger.warn(message);
      },
    });
  },
  function checkHosts({ fastify }) {
    requireHosts(fastify);
  },
  function endConnections({ fastify, runtime }) {
    // Clients and proxies send later requests on another connection, which may lead to another process.
    fastify.addHook('onSend', (_request, reply, _payload, done) => {
      if (runtime.draining.aborted) reply.header('connection', 'close');
      done();
    });
  },
  function secureAnswers({ fastify }) {
    addSecurityHeaders(fastify);
  },
  function answerErrorsOfPreflights({ fastify, errors }) {
    // The route of preflight requests comes before Nest's error handler.
    fastify.addHook('onRoute', (route) => {
      if (route.url !== '*') return;
      route.errorHandler = (error, request, reply) => {
        errors.answer(error, request, reply);
      };
    });
  },
  async function allowBrowsers({ fastify, runtime }) {
    await allowOrigins(fastify, runtime.config.http.corsOrigins);
  },
  function leadPeopleToDocs({ fastify }) {
    fastify.addHook('onRequest', (request, reply, done) => {
      const isPage = request.method === 'GET' && request.url === '/' && request.headers.accept?.includes('text/html');
      if (isPage) reply.redirect('/docs');
      else done();
    });
  },
  function checkUrls({ fastify }) {
    limitUrls(fastify);
  },
  function normalizeText({ fastify }) {
    composeText(fastify);
  },
  function serializeAnswers({ fastify }) {
    fastify.setReplySerializer(stringify);
  },
  function closeIdleConnections({ fastify }) {
    fastify.addHook('preClose', (done) => {
      closeWhenIdle(fastify.server);
      done();
    });
  },
];

/** The hooks that run after Nest's own, in this order. */
const AFTER_NEST: ((fastify: FastifyInstance, app: NestFastifyApplication) => void)[] = [
  // Before the body is read: a client that is refused need not send it.
  function authenticate(fastify, app) {
    const authentication = app.get(Authentication);
    fastify.addHook('onRequest', async (request, reply) => {
      if (needsToken(request)) await authentication.admit(request as AuthenticatedRequest, reply);
    });
  },
  // A bulk request counts as many requests; only its body says how many.
  function chargeForItems(fastify) {
    fastify.addHook('preValidation', (request, _reply, done) => {
      const items = itemsOf(request);
      if (items <= 1) done();
      else
        void (request as AuthenticatedRequest).charge(items - 1).then(() => {
          done();
        }, done);
    });
  },
];

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
      // requireHosts returns this error in the form of all errors.
      requireHostHeader: false,
    },
    requestTimeout: http.requestTimeoutMs,
    keepAliveTimeout: http.idleTimeoutMs,
    connectionTimeout: SILENCE_TIMEOUT_MS,
    maxRequestsPerSocket: MAX_REQUESTS_PER_CONNECTION,
    clientErrorHandler: answerClientError,
    forceCloseConnections: 'idle',
    // Requests that arrive while the server closes are served like earlier ones.
    return503OnClosing: false,
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
  for (const install of BEFORE_NEST) await install({ fastify, runtime, routes, errors });
  const app = await NestFactory.create<NestFastifyApplication>(CoreModule.forRoot(runtime, roles), adapter, {
    // Nest logs a line for each module and route while it starts.
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(errors);
  for (const install of AFTER_NEST) install(fastify, app);
  serveOpenApi(app);
  serveConsole(app);
  await app.init();
  routes.reserve(fastify);
  app.useLogger(nestLogger(runtime.logger));
  app.getHttpServer().maxConnections = http.maxConnections;
  return app;
}

/**
 * Closes connections of a closing server as they become idle. Fastify closes only those that are idle at first, but a
 * connection whose answer was complete before its request becomes idle later.
 */
function closeWhenIdle(server: HttpServer): void {
  const timer = setInterval(() => {
    server.closeIdleConnections();
  }, IDLE_CHECK_MS);
  server.once('close', () => {
    clearInterval(timer);
  });
}

/** Returns whether a request needs a token: all under `/v1` do; `/health`, the console and the documentation do not. */
function needsToken({ routeOptions: { url } }: FastifyRequest): boolean {
  return url?.startsWith('/v1/') ?? false;
}

import { type Server } from 'node:http';
import { type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Authentication } from '#libs/organizations/authentication.js';
import { ErrorFilter } from '#libs/platform/http/error.filter.js';
import { acceptJsonOnly } from '#libs/platform/http/json-body.js';
import { restoreFilters } from '#libs/platform/http/paging.js';
import { type AuthenticatedRequest, requestId } from '#libs/platform/http/request-context.js';
import { Routes } from '#libs/platform/http/routes.js';
import { answerVersions } from '#libs/platform/http/versioned.js';
import { nestLogger } from '#libs/platform/logging.js';
import { CoreModule } from '../core.module.js';
import { type Runtime } from '../runtime.js';
import { serveOpenApi } from './openapi.js';

const MAX_BODY_BYTES = 1024 * 1024;
/** A request that has not arrived whole by then is dropped. */
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_CHECK_MS = 100;

/** Characters of a path parameter; longer ones are no route. What each may be, the operations say. */
const MAX_PARAM_LENGTH = 1_024;

/** The HTTP application of a process with these roles; not listening yet. */
export async function createServer(runtime: Runtime, roles: Type[]): Promise<NestFastifyApplication> {
  const routes = new Routes();
  const errors = new ErrorFilter(routes);
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    genReqId: requestId,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      errors.answer(error, request, reply.header('x-request-id', request.id));
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    trustProxy: [...runtime.config.trustedProxies],
  });
  const fastify = adapter.getInstance();
  routes.watch(fastify);
  acceptJsonOnly(fastify);
  answerVersions(fastify, runtime.database);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  // A connection that becomes idle only after the server has begun to close would hold it up.
  fastify.addHook('onResponse', (_request, _reply, done) => {
    if (!fastify.server.listening) fastify.server.closeIdleConnections();
    done();
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    restoreFilters(request);
    done();
  });
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
  serveOpenApi(app);
  await app.init();
  app.useLogger(nestLogger(runtime.logger));
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

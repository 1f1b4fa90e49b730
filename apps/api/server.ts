import { type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { ErrorFilter } from '#libs/platform/http/error.filter.js';
import { acceptJsonOnly } from '#libs/platform/http/json-body.js';
import { restoreFilters } from '#libs/platform/http/paging.js';
import { requestId } from '#libs/platform/http/request-context.js';
import { Routes } from '#libs/platform/http/routes.js';
import { nestLogger } from '#libs/platform/logging.js';
import { CoreModule } from '../core.module.js';
import { type Runtime } from '../runtime.js';
import { serveOpenApi } from './openapi.js';

const MAX_BODY_BYTES = 1024 * 1024;
/** A request that has not arrived whole by then is dropped. */
const REQUEST_TIMEOUT_MS = 30_000;

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
  });
  const fastify = adapter.getInstance();
  routes.watch(fastify);
  acceptJsonOnly(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    restoreFilters(request);
    done();
  });
  const app = await NestFactory.create<NestFastifyApplication>(CoreModule.forRoot(runtime, roles), adapter, {
    // Nest tells a line for each module and route while it starts.
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  app.useGlobalFilters(errors);
  serveOpenApi(app);
  await app.init();
  app.useLogger(nestLogger(runtime.logger));
  return app;
}

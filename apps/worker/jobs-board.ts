import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { NotFoundException } from '@nestjs/common';
import { type Queue } from 'bullmq';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type JobQueue } from '#libs/background/job-queue.js';
import { type ErrorBody, ErrorFilter } from '#libs/http/error.filter.js';
import { requestId } from '#libs/http/request-context.js';
import { Routes } from '#libs/http/routes.js';
import { pageHeaders } from '#libs/http/security-headers.js';
import { OutageError } from '#libs/platform/domain-error.js';
import { reasonOf } from '#libs/platform/reason.js';
import { type BoardAccess, CHALLENGE, guardBoard } from './jobs-board-access.js';

/** Options of {@link createJobsBoard}. */
export interface JobsBoardOptions extends BoardAccess {
  /** Addresses and networks of proxies that may name a request's client. */
  trustedProxies: readonly string[];
}

/** The page has a `<base>`, inline styles and `data:` images. Its fonts, which are Google's, are blocked. */
const HEADERS = {
  ...pageHeaders({ baseUri: ["'self'"], styleSrc: ["'self'", "'unsafe-inline'"], imgSrc: ["'self'", 'data:'] }),
  'cache-control': 'no-store',
};
const RETRY_SECONDS = 5;

/** Returns a server, not listening yet, that shows the jobs of some queues by Bull Board. */
export async function createJobsBoard(
  queues: JobQueue<unknown>[],
  { trustedProxies, ...access }: JobsBoardOptions,
): Promise<FastifyInstance> {
  const server = fastify({ trustProxy: [...trustedProxies], genReqId: requestId });
  answerErrors(server);
  server.addHook('onSend', (_request, reply, _payload, done) => {
    reply.headers(HEADERS);
    done();
  });
  guardBoard(server, access);
  const pages = new FastifyAdapter();
  const uiConfig = { boardTitle: 'Deskstream jobs', hideDocsLink: true };
  const board = createBullBoard({ queues: [], serverAdapter: pages, options: { uiConfig } });
  const shown = new Set<Queue>();
  // Not before the first request, because a queue can be opened only while its server is available.
  server.addHook('preHandler', async ({ routeOptions }) => {
    if (!routeOptions.url?.startsWith('/api/')) return;
    for (const queue of await Promise.all(queues.map(answering))) {
      if (shown.has(queue)) continue;
      shown.add(queue);
      board.addQueue(new BullMQAdapter(queue, { readOnlyMode: !access.writable }));
    }
  });
  await server.register(pages.registerPlugin());
  await server.ready();
  return server;
}

/** Answers errors as the API does, also those of Bull Board's routes, which has a handler of its own. */
function answerErrors(server: FastifyInstance): void {
  const routes = new Routes();
  const errors = new ErrorFilter(routes, { challenge: CHALLENGE });
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    errors.answer(error, request, reply);
  };
  routes.watch(server);
  server.addHook('onRoute', (route) => {
    route.errorHandler = answer;
  });
  server.setErrorHandler(answer);
  server.setNotFoundHandler((request, reply) => {
    answer(new NotFoundException(), request, reply);
  });
  // The page shows the message under `error`, and without that nothing.
  server.addHook('preSerialization', (_request, _reply, body, done) => {
    const { code, requestId: ofError } = (body ?? {}) as Partial<ErrorBody>;
    done(null, ofError === undefined ? body : { ...(body as ErrorBody), error: code });
  });
}

/** Returns a queue whose server answers. @throws {OutageError} when it does not */
async function answering(queue: JobQueue<unknown>): Promise<Queue> {
  try {
    const opened = await queue.opened();
    await opened.isPaused();
    return opened;
  } catch (error) {
    const message = `The server of the job queue does not answer at the moment (${reasonOf(error)})`;
    throw new OutageError(message, RETRY_SECONDS, { cause: error });
  }
}

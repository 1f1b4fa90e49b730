import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { fastify, type FastifyInstance } from 'fastify';
import { type JobQueue } from '#libs/background/job-queue.js';
import { pageHeaders } from '#libs/http/security-headers.js';
import { type RateLimit } from '#libs/platform/rate-limits.js';
import { guardBoard } from './jobs-board-access.js';

/** Options of {@link createJobsBoard}. */
export interface JobsBoardOptions {
  /** The password of all users. */
  token: string;
  /** Whether it may change jobs. */
  writable: boolean;
  /** Limit of wrong passwords for each client; absent: unlimited. */
  failures?: RateLimit;
  /** Addresses and networks of proxies that may name a request's client. */
  trustedProxies: readonly string[];
}

/** The page has a `<base>`, inline styles and `data:` images. Its fonts, which are Google's, are blocked. */
const HEADERS = {
  ...pageHeaders({ baseUri: ["'self'"], styleSrc: ["'self'", "'unsafe-inline'"], imgSrc: ["'self'", 'data:'] }),
  'cache-control': 'no-store',
};

/** Returns a server, not listening yet, that shows the jobs of some queues by Bull Board. */
export async function createJobsBoard(
  queues: JobQueue<unknown>[],
  { token, writable, failures, trustedProxies }: JobsBoardOptions,
): Promise<FastifyInstance> {
  const server = fastify({ trustProxy: [...trustedProxies] });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    reply.headers(HEADERS);
    done();
  });
  guardBoard(server, token, failures);
  const pages = new FastifyAdapter();
  const uiConfig = { boardTitle: 'Deskstream jobs', hideDocsLink: true };
  const board = createBullBoard({ queues: [], serverAdapter: pages, options: { uiConfig } });
  // For each request, because a queue can be opened only while its server is available.
  server.addHook('preHandler', async () => {
    const opened = await Promise.all(queues.map((queue) => queue.opened()));
    board.replaceQueues(opened.map((queue) => new BullMQAdapter(queue, { readOnlyMode: !writable })));
  });
  await server.register(pages.registerPlugin());
  await server.ready();
  return server;
}

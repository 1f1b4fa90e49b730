import { createServer, type Server } from 'node:http';
import { DomainError } from '#libs/platform/domain-error.js';
import { reasonOf } from '#libs/platform/reason.js';
import { type Health, type HealthAnswer } from '../health.js';

/** Returns a server, not listening yet, that answers the health checks of a worker like those of the API. */
export function createHealthServer(health: Health): Server {
  const checks = new Map<string, () => HealthAnswer | Promise<HealthAnswer>>([
    ['/health/live', () => health.live()],
    ['/health/ready', () => health.ready()],
  ]);
  return createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const check = checks.get(path) ?? unknown;
    void answerOf(check).then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
  });
}

function unknown(): never {
  throw new DomainError('not-found', 'A worker answers only /health/live and /health/ready');
}

async function answerOf(check: () => HealthAnswer | Promise<HealthAnswer>): Promise<{ status: number; body: object }> {
  try {
    return { status: 200, body: await check() };
  } catch (error) {
    const isUnknown = error instanceof DomainError && error.kind === 'not-found';
    return isUnknown
      ? { status: 404, body: { message: error.message, code: error.kind } }
      : { status: 503, body: { message: reasonOf(error), code: 'unavailable' } };
  }
}

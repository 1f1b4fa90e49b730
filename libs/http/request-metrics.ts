import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Histogram } from 'prom-client';

/** The route of requests that match none: their URLs are unbounded. */
const NO_ROUTE = 'none';

const duration = new Histogram({
  name: 'deskstream_http_request_duration_seconds',
  help: "How long requests took, by the route's pattern: `none` if there is no such route, `*` for preflight requests.",
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** Counts and times all requests that have a route or could have one. */
export function measureRequests(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, { statusCode, elapsedTime }, done) => {
    duration.observe({ method: request.method, route: routeOf(request), status: statusCode }, elapsedTime / 1000);
    done();
  });
}

/** Returns the pattern of a request's route, without the values of its parameters. */
export function routeOf({ routeOptions: { url } }: FastifyRequest): string {
  return url ?? NO_ROUTE;
}

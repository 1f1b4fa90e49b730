import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, register } from 'prom-client';
import { reasonOf } from './reason.js';

/**
 * Returns a server, not listening yet, that answers `GET /metrics` with this process's metrics in Prometheus' text
 * format. A separate port keeps metrics private where the API is public. Call it once per process.
 */
export function createMetricsServer(): Server {
  collectDefaultMetrics();
  return createServer((request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    register.metrics().then(
      (text) => response.writeHead(200, { 'content-type': register.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(reasonOf(error)),
    );
  });
}

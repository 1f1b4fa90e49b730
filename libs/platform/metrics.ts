import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, register } from 'prom-client';
import { reasonOf } from './reason.js';

/**
 * A server, not listening yet, that answers `GET /metrics` with the figures of this process in Prometheus' text format.
 * It has a port of its own, so that figures are not public where the API is. One a process.
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

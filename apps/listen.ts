import { type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Config } from './config.js';
import { watchConnections } from '#libs/database/metrics.js';
import { watchReplica } from '#libs/database/replica-metrics.js';
import { createMetricsServer } from '#libs/platform/metrics.js';
import { reasonOf } from '#libs/platform/reason.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { watchFailing } from '#libs/webhooks/delivery/draining/failing-metrics.js';
import { watchBacklog } from '#libs/webhooks/delivery/metrics.js';
import { watchRelay } from '#libs/webhooks/delivery/relaying/relay-metrics.js';
import { exportBuildInfo } from './build-info.js';
import { Health } from './health.js';
import { type Runtime } from './runtime.js';
import { QUEUES } from './setup.js';
import { createHealthServer } from './worker/health-server.js';

/** @throws {StartupError} when the port is unavailable, before anything else begins */
export async function checkPort({ port, host }: Config): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () =>
      server.close(() => {
        resolve();
      }),
    );
  }).catch((error: unknown) => {
    throw refused('PORT', port, host, error);
  });
}

/** Starts serving, and returns the base URL. @throws {StartupError} when the port is unavailable */
export async function listen(app: NestFastifyApplication, { port, host }: Config): Promise<string> {
  try {
    // Fastify's own, because Nest's would log what is logged below.
    await app.getHttpAdapter().getInstance().listen({ port, host });
  } catch (error) {
    throw refused('PORT', port, host, error);
  }
  return baseUrl(host, app.getHttpServer().address() as AddressInfo);
}

/**
 * Serves the metrics of this process on `METRICS_PORT`, if set; returns a function to stop.
 * @throws {StartupError} when the port is unavailable
 */
export async function serveMetrics({
  config,
  logger,
  database,
  replica,
  worker,
}: Runtime): Promise<() => Promise<void>> {
  const { metricsPort: port, host } = config;
  if (port === undefined) return () => Promise.resolve();
  exportBuildInfo(config.product);
  watchConnections({ app: database, ...(worker && { worker: worker.database }) });
  watchReplica(replica);
  if (worker) for (const watch of [watchBacklog, watchFailing, watchRelay]) watch(worker.database);
  const server = createMetricsServer();
  const close = await serve(server, 'METRICS_PORT', { port, host });
  logger.info({ url: `${baseUrl(host, server.address() as AddressInfo)}/metrics` }, 'Metrics are served');
  return close;
}

/**
 * Answers the health checks of a worker on `WORKER_PORT`, if set; returns a function to stop.
 * @throws {StartupError} when the port is unavailable
 */
export async function serveHealth(runtime: Runtime): Promise<() => Promise<void>> {
  const { workerPort: port, host } = runtime.config;
  if (port === undefined) return () => Promise.resolve();
  const server = createHealthServer(new Health(runtime));
  const close = await serve(server, 'WORKER_PORT', { port, host });
  runtime.logger.info(
    { url: `${baseUrl(host, server.address() as AddressInfo)}/health` },
    'Health checks are answered',
  );
  return close;
}

/**
 * Serves the jobs board of a process that delivers on `JOBS_BOARD_PORT`, if it has a token; returns a function to stop.
 * Loads it only then.
 * @throws {StartupError} when the port is unavailable
 */
export async function serveJobsBoard({ config, logger, worker }: Runtime): Promise<() => Promise<void>> {
  const { jobsBoard, host, trustedProxies, rateLimits } = config;
  if (!jobsBoard || !worker) return () => Promise.resolve();
  const { createJobsBoard } = await import('./worker/jobs-board.js');
  const queues = QUEUES.map((name) => worker.jobs.queue(name));
  const { failures } = rateLimits;
  const { server } = await createJobsBoard(queues, { ...jobsBoard, failures, trustedProxies });
  const close = await serve(server, 'JOBS_BOARD_PORT', { port: jobsBoard.port, host });
  const url = baseUrl(host, server.address() as AddressInfo);
  logger.info({ url, writable: jobsBoard.writable }, 'The jobs board is served');
  return close;
}

/** Starts a server; returns a function to stop it. @throws {StartupError} when the port is unavailable */
async function serve(
  server: Server,
  variable: string,
  { port, host }: Pick<Config, 'port' | 'host'>,
): Promise<() => Promise<void>> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw refused(variable, port, host, error);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
}

function baseUrl(host: string, { port }: AddressInfo): string {
  return `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host}:${port}`;
}

function refused(variable: string, port: number, host: string, error: unknown): StartupError {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return new StartupError(`Port ${port} is taken. Stop the program that uses it, or set ${variable} to another.`);
  }
  return new StartupError(`Cannot listen on ${host}:${port} (${reasonOf(error)}). Set HOST and ${variable} to others.`);
}

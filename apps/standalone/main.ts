import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { type Config } from '../config.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { ApiModule } from '../api/api.module.js';
import { createServer } from '../api/server.js';
import { loadEnvFile } from '../env-file.js';
import { checkPort, listen, serveJobsBoard, serveMetrics } from '../listen.js';
import { type Main, runProcess, Teardown } from '../process.js';
import { openRuntime } from '../runtime.js';
import { withSetupLock, checkMigrations, migrate } from '../setup.js';
import { bootstrap } from '../demo-organization.js';
import { checkWorkerLogin, DatabaseUnreachable, requireDatabaseUrl } from '../startup-connection.js';
import { openCipher } from '../master-key.js';
import { WorkerModule } from '../worker/worker.module.js';
import { banner } from './banner.js';

/** `npm start`: api and worker in one process, on the embedded PostgreSQL unless there is a DATABASE_URL. */
const main: Main = async (config, logger, draining) => {
  // First, because a new token must also be shown.
  await checkPort(config);
  const teardown = new Teardown();
  try {
    const onTrouble = (error: Error) => {
      logger.warn({ err: error }, 'The database died and cannot be started again yet');
    };
    const postgres = config.databaseUrl
      ? undefined
      : await startEmbeddedPostgres({ dataDir: config.dataDir, onTrouble });
    if (postgres) teardown.add(() => postgres.stop());
    // The embedded database is restarted after it died. For any other, the supervisor decides.
    const step = postgres ? whileDatabaseReturns : once;
    const { url, cipher } = await step(() => prepareDatabase(config, postgres));
    const runtime = await step(() => openRuntime(config, logger, cipher, url, { worker: true, draining }));
    teardown.add(() => runtime.close());
    teardown.add(await serveMetrics(runtime));
    teardown.add(await serveJobsBoard(runtime));
    const token = await step(() => bootstrap(url, runtime, config.bootstrapToken));
    const app = await createServer(runtime, [ApiModule, WorkerModule]);
    teardown.add(() => app.close());
    banner(await listen(app, config), token, config);
    teardown.add(() => pause(config.shutdownDelayMs));
    return () => teardown.run();
  } catch (error) {
    await teardown.run();
    throw error;
  }
};

const once = <T>(work: () => Promise<T>) => work();

/** Maximum time for a dead database to return, and pause between tries. */
const [RETURN_MS, LOOK_MS] = [60_000, 200];

/** Repeats a step that failed because the database died. Each step can be repeated. */
async function whileDatabaseReturns<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + RETURN_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const away =
        error instanceof DatabaseUnreachable || (error instanceof DomainError && error.kind === 'unavailable');
      if (!away || performance.now() > deadline) throw error;
      await pause(LOOK_MS);
    }
  }
}

async function prepareDatabase(config: Config, postgres: EmbeddedPostgres | undefined) {
  if (postgres) {
    return withSetupLock(postgres.ownerUrl, async () => {
      await migrate(postgres);
      return { url: postgres.appUrl, cipher: await openCipher(config, postgres.ownerUrl, true) };
    });
  }
  const url = requireDatabaseUrl(config);
  await checkMigrations(url);
  await checkWorkerLogin(config);
  return { url, cipher: await openCipher(config, url, false) };
}

loadEnvFile();
// No load balancer is in front of a trial.
await runProcess('standalone', main, { SHUTDOWN_DELAY_SECONDS: '0' });

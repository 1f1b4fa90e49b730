import { NestFactory } from '@nestjs/core';
import { nestLogger } from '#libs/platform/logging.js';
import { CoreModule } from '../core.module.js';
import { loadEnvFile } from '../env-file.js';
import { serveHealth, serveJobsBoard, serveMetrics } from '../listen.js';
import { type Main, runProcess, Teardown } from '../process.js';
import { openRuntime } from '../runtime.js';
import { checkMigrations } from '../setup.js';
import { checkWorkerLogin, requireDatabaseUrl } from '../startup-connection.js';
import { openCipher } from '../master-key.js';
import { WorkerModule } from './worker.module.js';

/** Delivers webhooks. Any number of workers can run in parallel. */
const main: Main = async (config, logger, draining) => {
  const url = requireDatabaseUrl(config);
  await checkMigrations(url);
  await checkWorkerLogin(config);
  const teardown = new Teardown();
  try {
    const cipher = await openCipher(config, url, false);
    const runtime = await openRuntime(config, logger, cipher, url, { worker: true, draining });
    teardown.add(() => runtime.close());
    teardown.add(await serveMetrics(runtime));
    teardown.add(await serveHealth(runtime));
    teardown.add(await serveJobsBoard(runtime));
    const root = CoreModule.forRoot(runtime, [WorkerModule]);
    const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    app.useLogger(nestLogger(logger));
    teardown.add(() => app.close());
    const { allowedNetworks } = config.webhooks;
    logger.info({ allowedNetworks }, 'The worker is running');
    return () => teardown.run();
  } catch (error) {
    await teardown.run();
    throw error;
  }
};

loadEnvFile();
await runProcess('worker', main);

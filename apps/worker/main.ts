import { NestFactory } from '@nestjs/core';
import { nestLogger } from '#libs/platform/logging.js';
import { CoreModule } from '../core.module.js';
import { serveMetrics } from '../listen.js';
import { loadEnvFile } from '../env-file.js';
import { type Main, runProcess, Teardown } from '../process.js';
import { openRuntime } from '../runtime.js';
import { checkMigrations, openCipher, requireDatabaseUrl } from '../setup.js';
import { WorkerModule } from './worker.module.js';

/** Delivers webhooks. Any number of workers can run in parallel. */
const main: Main = async (config, logger) => {
  const url = requireDatabaseUrl(config);
  await checkMigrations(url);
  const teardown = new Teardown();
  try {
    const runtime = await openRuntime(config, logger, await openCipher(config, url, false), url, { worker: true });
    teardown.add(() => runtime.close());
    teardown.add(await serveMetrics(runtime));
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
await runProcess(main);

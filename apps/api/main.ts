import { setTimeout as pause } from 'node:timers/promises';
import { listen, serveMetrics } from '../listen.js';
import { loadEnvFile } from '../env-file.js';
import { type Main, runProcess, Teardown } from '../process.js';
import { openRuntime } from '../runtime.js';
import { checkMigrations } from '../setup.js';
import { openCipher } from '../master-key.js';
import { requireDatabaseUrl } from '../startup-connection.js';
import { ApiModule } from './api.module.js';
import { createServer } from './server.js';

/** Serves HTTP; a worker delivers the webhooks. */
const main: Main = async (config, logger, draining) => {
  const url = requireDatabaseUrl(config);
  await checkMigrations(url);
  const teardown = new Teardown();
  try {
    const cipher = await openCipher(config, url, false);
    const runtime = await openRuntime(config, logger, cipher, url, { worker: false, draining });
    teardown.add(() => runtime.close());
    teardown.add(await serveMetrics(runtime));
    const app = await createServer(runtime, [ApiModule]);
    teardown.add(() => app.close());
    logger.info({ url: await listen(app, config) }, 'The API is served');
    teardown.add(() => pause(config.shutdownDelayMs));
    return () => teardown.run();
  } catch (error) {
    await teardown.run();
    throw error;
  }
};

loadEnvFile();
await runProcess('api', main);

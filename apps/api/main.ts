import { listen, serveMetrics } from '../listen.js';
import { loadEnvFile } from '../env-file.js';
import { type Main, runProcess, Teardown } from '../process.js';
import { openRuntime } from '../runtime.js';
import { checkMigrations, openCipher } from '../setup.js';
import { requireDatabaseUrl } from '../setup.js';
import { ApiModule } from './api.module.js';
import { createServer } from './server.js';

/** Serves HTTP; a worker delivers the webhooks. */
const main: Main = async (config, logger) => {
  const url = requireDatabaseUrl(config);
  await checkMigrations(url);
  const teardown = new Teardown();
  try {
    const runtime = await openRuntime(config, logger, await openCipher(config, url, false), url, { worker: false });
    teardown.add(() => runtime.close());
    teardown.add(await serveMetrics(runtime));
    const app = await createServer(runtime, [ApiModule]);
    teardown.add(() => app.close());
    logger.info({ url: await listen(app, config) }, 'The API is served');
    return () => teardown.run();
  } catch (error) {
    await teardown.run();
    throw error;
  }
};

loadEnvFile();
await runProcess(main);

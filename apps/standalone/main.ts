import { type EmbeddedPostgres, startEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { type Config } from '#libs/platform/config.js';
import { ApiModule } from '../api/api.module.js';
import { createServer } from '../api/server.js';
import { checkPort, listen, serveMetrics } from '../listen.js';
import { type Main, runProcess, Teardown } from '../process.js';
import { openRuntime } from '../runtime.js';
import { bootstrap, checkMigrations, migrate, openCipher, requireDatabaseUrl } from '../setup.js';
import { WorkerModule } from '../worker/worker.module.js';
import { banner } from './banner.js';

/** `npm start`: api and worker in one process, on the embedded PostgreSQL unless there is a DATABASE_URL. */
const main: Main = async (config, logger) => {
  // First, for a token that is issued must also be shown.
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
    const { url, cipher } = await prepareDatabase(config, postgres);
    const runtime = await openRuntime(config, logger, cipher, url, { worker: true });
    teardown.add(() => runtime.close());
    teardown.add(await serveMetrics(runtime));
    const token = await bootstrap(url, runtime, config.bootstrapToken);
    const app = await createServer(runtime, [ApiModule, WorkerModule]);
    teardown.add(() => app.close());
    banner(await listen(app, config), token, config);
    return () => teardown.run();
  } catch (error) {
    await teardown.run();
    throw error;
  }
};

async function prepareDatabase(config: Config, postgres: EmbeddedPostgres | undefined) {
  if (postgres) {
    await migrate(postgres);
    return { url: postgres.appUrl, cipher: await openCipher(config, postgres.ownerUrl, true) };
  }
  const url = requireDatabaseUrl(config);
  await checkMigrations(url);
  return { url, cipher: await openCipher(config, url, false) };
}

await runProcess(main);

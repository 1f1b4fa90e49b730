import { runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type Config } from '../config.js';
import { type InstallationUrls } from '../setup.js';

/** Returns the configured database, else the embedded one of a running instance. */
export async function findDatabase(config: Config): Promise<InstallationUrls> {
  const { databaseUrl: appUrl, databaseOwnerUrl, databaseWorkerUrl: workerUrl, dataDir } = config;
  if (appUrl) return { appUrl, ownerUrl: databaseOwnerUrl ?? appUrl, workerUrl };
  const running = await runningEmbeddedPostgres(dataDir);
  if (!running) throw new StartupError('No instance is running here. Start it with npm start, or set DATABASE_URL.');
  return running;
}

import { runningEmbeddedPostgres } from '#libs/embedded-postgres/embedded-postgres.js';
import { type Config, loadConfig } from '../config.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type InstallationUrls } from '../setup.js';
import { type CliCommand, printing } from './command.js';
import { migrate, rebuild } from './database.js';
import { organization, region, repliesToClosed } from './organizations.js';
import { seed } from './seed.js';
import { token } from './tokens.js';

const COMMANDS: Record<string, CliCommand> = {
  migrate,
  organization,
  token,
  region,
  'replies-to-closed': repliesToClosed,
  rebuild,
  seed,
};

/**
 * Runs one command, or lists the commands.
 * @param args the command's name and its arguments
 * @param env the environment that the configuration is read from
 * @param print receives each line that the command prints
 * @throws the error that stopped the command; its message says what to do
 */
export async function runCommand(args: string[], env: NodeJS.ProcessEnv, print: (line: string) => void): Promise<void> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) {
    const config = loadConfig(env);
    const urls = await findDatabase(config);
    await printing.run(print, () => command.run(config, urls, rest));
  } else if (['help', '--help', '-h'].includes(name)) {
    print(usage());
  } else {
    throw new StartupError(usage());
  }
}

/** Returns the configured database, else the embedded one of a running instance. */
async function findDatabase(config: Config): Promise<InstallationUrls> {
  const { databaseUrl: appUrl, databaseOwnerUrl, databaseWorkerUrl: workerUrl, dataDir } = config;
  if (appUrl) return { appUrl, ownerUrl: databaseOwnerUrl ?? appUrl, workerUrl };
  const running = await runningEmbeddedPostgres(dataDir);
  if (!running) throw new StartupError('No instance is running here. Start it with npm start, or set DATABASE_URL.');
  return running;
}

function usage(): string {
  const lines = Object.values(COMMANDS).flatMap((command) => command.usage);
  const shown = lines.map((line) => (line.startsWith(' ') ? `                 ${line}` : `  npm run cli -- ${line}`));
  return ['Commands:', ...shown].join('\n');
}

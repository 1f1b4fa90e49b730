import { loadConfig } from '../config.js';
import { type CliCommand, printing, WrongUse } from './command.js';
import { migrate, rebuild } from './database.js';
import { deliveries } from './deliveries.js';
import { type Diagnosis, doctor } from './doctor.js';
import { events } from './events.js';
import { findDatabase } from './find-database.js';
import { organization, region, repliesToClosed } from './organizations.js';
import { seed } from './seed.js';
import { status } from './status.js';
import { token } from './tokens.js';

const COMMANDS: Record<string, CliCommand | Diagnosis> = {
  migrate,
  organization,
  token,
  region,
  'replies-to-closed': repliesToClosed,
  rebuild,
  seed,
  status,
  doctor,
  deliveries,
  events,
};

const HELP = ['help', '--help', '-h'];

/**
 * Runs one command, or lists the commands.
 * @param args the command's name and its arguments
 * @param env the environment that the configuration is read from
 * @param print receives each line that the command prints
 * @returns false if the command found a problem
 * @throws the error that stopped the command; its message says what to do
 */
export async function runCommand(
  args: string[],
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<boolean> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (name === '--version') {
    const { version, commit } = loadConfig(env).product;
    print(commit === undefined ? version : `${version} (${commit})`);
    return true;
  }
  if (!command) {
    if (!HELP.includes(name)) throw new WrongUse(usage(COMMANDS));
    print(usage(COMMANDS));
    return true;
  }
  if (rest.some((word) => HELP.includes(word) && word !== 'help')) {
    print(usage({ command }));
    return true;
  }
  return printing.run(print, async () => (await start(command, env, rest)) !== false);
}

async function start(command: CliCommand | Diagnosis, env: NodeJS.ProcessEnv, args: string[]): Promise<unknown> {
  if ('diagnose' in command) return command.diagnose(env, args);
  const config = loadConfig(env);
  return command.run(config, await findDatabase(config), args);
}

function usage(commands: Record<string, Pick<CliCommand, 'usage'>>): string {
  const lines = Object.values(commands).flatMap((command) => command.usage);
  const shown = lines.map((line) => (line.startsWith(' ') ? `                 ${line}` : `  npm run cli -- ${line}`));
  return ['Commands:', ...shown].join('\n');
}

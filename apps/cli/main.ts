import { loadEnvFile } from '../env-file.js';
import { explain } from '../process.js';
import { WrongUse } from './command.js';
import { runCommand } from './commands.js';

const [PROBLEM, WRONG_USE] = [1, 2];

try {
  loadEnvFile();
  const well = await runCommand(process.argv.slice(2), process.env, (line) => process.stdout.write(`${line}\n`));
  if (!well) process.exitCode = PROBLEM;
} catch (error) {
  explain(error);
  process.exitCode = error instanceof WrongUse ? WRONG_USE : PROBLEM;
}

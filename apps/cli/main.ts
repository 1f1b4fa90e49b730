import { explain } from '../process.js';
import { runCommand } from './commands.js';

try {
  await runCommand(process.argv.slice(2), process.env, (line) => process.stdout.write(`${line}\n`));
} catch (error) {
  explain(error);
  process.exitCode = 1;
}

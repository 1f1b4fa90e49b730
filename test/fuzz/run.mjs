import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/** `npm run test:fuzz -- --runs=100000 --seed=42`: runs only the fuzz test, longer or once more. */
const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const env = {
  ...process.env,
  ...(values.runs && { FUZZ_RUNS: values.runs }),
  ...(values.seed && { FUZZ_SEED: values.seed }),
};
const { status } = spawnSync('npm', ['run', '--silent', 'test:only', '--', '--testPathPatterns', 'test/fuzz/'], {
  env,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

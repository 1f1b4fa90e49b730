/**
 * `npm run test:restarts`: restarts two APIs behind nginx one after the other, and a worker, while clients write and read.
 * No request may fail, and every event must be delivered. It needs `nginx` (Debian's package nginx-light).
 *
 *   npm run test:restarts -- --rounds=3   the number of rolling restarts; 10 unless given
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
if (spawnSync('nginx', ['-v']).status !== 0) {
  process.stderr.write('test:restarts needs nginx. On Debian, install it with: apt-get install nginx-light\n');
  process.exit(1);
}
const { status } = spawnSync('npm', ['run', '--silent', 'test:only', '--', '--testRegex', 'restarts\\.spec\\.ts$'], {
  env: { ...process.env, RESTART_ROUNDS: values.rounds },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

/**
 * `npm run test:chaos`: kills two APIs, three workers and PostgreSQL at random while clients of several organizations
 * write to both APIs and workers join and leave. Then checks the answers to clients and the deliveries to receivers.
 *
 *   npm run test:chaos -- --seconds=60   the duration; 600 unless given
 *   npm run test:chaos -- --seed=7       the same choices again, though not at the same times
 *   npm run test:chaos -- --failover=on  a standby replaces PostgreSQL; the value is `synchronous_commit`
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({ options: { seconds: text, seed: text, failover: text } });
const { seconds = '600', seed, failover } = values;
const env = {
  ...process.env,
  CHAOS_SECONDS: seconds,
  ...(seed && { CHAOS_SEED: seed }),
  ...(failover && { CHAOS_FAILOVER: failover }),
};
const { status } = spawnSync('npm', ['run', '--silent', 'test:only', '--', '--testRegex', 'chaos\\.spec\\.ts$'], {
  env,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

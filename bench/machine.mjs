import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { findBinaries } from '../dist/libs/embedded-postgres/binaries.js';

/** Returns a description of the machine and the versions. */
export async function describeMachine(loadBefore) {
  const { pg_ctl } = await findBinaries();
  const postgres = execFileSync(pg_ctl, ['--version']).toString().trim().split(' ').at(-1);
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${availableParallelism()} cores ${cpus()[0].model.trim()}, ${memory} GB; load average ${loadBefore.toFixed(1)} before the run`,
    `${type()} ${release()}, Node ${process.versions.node}, PostgreSQL ${postgres} (default durability)`,
  ].join('\n');
}

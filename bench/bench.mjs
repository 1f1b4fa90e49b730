import { chmod, glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Cleanup } from './cleanup.mjs';

/** Of each log that is shown. */
const LINES = 3;

/**
 * Runs measurements in a temporary folder, and undoes whatever they have started, however they end.
 * @param plan how long and how often to measure
 * @param measure is given the bench: where things are, the plan, what must be cleaned up, and `say` for progress
 * @returns a status for the process: 0, 1 when something failed to run, 130 when it was interrupted
 */
export async function runBench(plan, measure) {
  const folder = await mkdtemp(join(tmpdir(), 'deskstream-bench-'));
  // PostgreSQL may run under an account of its own, which must pass through.
  await chmod(folder, 0o711);
  const bench = {
    root: resolve(import.meta.dirname, '..'),
    folder,
    dataDir: join(folder, 'deskstream'),
    plan,
    cleanup: new Cleanup(),
    say: (text) => process.stderr.write(`${text}\n`),
  };
  bench.cleanup.add(() => rm(folder, { recursive: true, force: true }));
  try {
    return await Promise.race([measure(bench).then(() => 0), interruption()]);
  } catch (error) {
    console.error(`\n${error.stack}\n`);
    await showLogs(folder);
    return 1;
  } finally {
    await bench.cleanup.run();
  }
}

/** What the processes printed last: the one that failed may not be the one at fault. */
async function showLogs(folder) {
  for await (const file of glob('*.log', { cwd: folder })) {
    const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n').slice(-LINES);
    if (lines[0]) console.error(`${file}:\n${lines.join('\n')}\n`);
  }
}

/** Ends with the status of a process that was interrupted. */
function interruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(130));
  });
}

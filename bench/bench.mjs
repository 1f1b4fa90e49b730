import { chmod, glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Cleanup } from './cleanup.mjs';

/** Number of lines shown of each log. */
const LINES = 3;

/**
 * Runs measurements in a temporary folder, and cleans up whatever they started, however they end.
 * @param plan durations and numbers of rounds
 * @param measure gets the bench: its folders, the plan, the cleanup, and `say` for progress
 * @returns the exit status: 0, 1 when something failed to run, 130 when it was interrupted
 */
export async function runBench(plan, measure) {
  const folder = await mkdtemp(join(tmpdir(), 'deskstream-bench-'));
  // PostgreSQL may run under its own account, which must be able to enter the folder.
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

/** Prints the end of each process's log: the process that failed may not be the one at fault. */
async function showLogs(folder) {
  for await (const file of glob('*.log', { cwd: folder })) {
    const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n').slice(-LINES);
    if (lines[0]) console.error(`${file}:\n${lines.join('\n')}\n`);
  }
}

/** Resolves with the exit status of an interrupted process. */
function interruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(130));
  });
}

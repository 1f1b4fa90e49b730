import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Copies a data directory of a stopped server, with owners and permissions, which PostgreSQL checks. */
export async function copyDataDir(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to]);
}

/** Returns a new data directory with a migrated database, on which Deskstream was never started. */
export async function newDataDir(): Promise<string> {
  const folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'home-'));
  await copyDataDir(`${process.env.TEST_DATA_DIR}/.`, folder);
  return folder;
}

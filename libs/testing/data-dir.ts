import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Copies a data directory whose server does not run, with owners and rights, which PostgreSQL looks at. */
export async function copyDataDir(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to]);
}

/** A data directory of its own with a migrated database, which no Deskstream has been started on. */
export async function newDataDir(): Promise<string> {
  const folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'home-'));
  await copyDataDir(`${process.env.TEST_DATA_DIR}/.`, folder);
  return folder;
}

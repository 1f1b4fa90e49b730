import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Returns the text of a file that only this user can read; creates it on first use. It appears whole or not at all, and
 * survives a power failure: without it, the data that it encrypts would be lost.
 * @throws the file system's error
 */
export async function readOrCreateSecret(file: string, create: () => string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // Other accounts must be able to enter the folder: the database may run as another account.
  await mkdir(dirname(file), { recursive: true, mode: 0o711 });
  const unfinished = `${file}.${randomUUID()}`;
  const handle = await open(unfinished, 'wx', 0o600);
  await handle.writeFile(create());
  await handle.sync();
  await handle.close();
  try {
    await link(unfinished, file);
  } catch (error) {
    // Another process has created it first: its secret is used.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
  return readFile(file, 'utf8');
}

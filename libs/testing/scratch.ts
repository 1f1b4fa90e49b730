import { statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';

/** Linux's folder in memory. */
const MEMORY = '/dev/shm';
/** Minimum free space there, and free memory of the machine, for tests to put their databases there. */
const [ROOM_BYTES, FREE_BYTES] = [2 * 2 ** 30, 4 * 2 ** 30];

/**
 * Returns the folder for test databases: memory if there is plenty, because each has a thousand short-lived files. No
 * test cuts the machine's power, so none can tell the difference.
 */
export function scratchFolder(): string {
  return roomInMemory() >= ROOM_BYTES && freemem() >= FREE_BYTES ? MEMORY : tmpdir();
}

function roomInMemory(): number {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

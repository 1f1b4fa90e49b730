import { statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';
/** What must be left there, and of the machine's memory, before tests put their databases there. */
const [ROOM_BYTES, FREE_BYTES] = [2 * 2 ** 30, 4 * 2 ** 30];

/**
 * Where the databases of tests go: memory if there is plenty, for each consists of a thousand files that do not live
 * long. No test takes the machine's power away, so none can tell the difference.
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

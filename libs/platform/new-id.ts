import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const RANDOM_BYTES = 16;
/** Random bytes are drawn for many ids at once: the call into the system costs more than the id. */
const pool = new Uint8Array(RANDOM_BYTES * 256);
let used = pool.length;

/** A new UUID of version 7: sorted by time, so that what is made together lies together in every index. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, (used += RANDOM_BYTES));
  return v7({ random });
}

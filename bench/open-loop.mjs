import { setTimeout as pause } from 'node:timers/promises';

const TICK_MS = 1;

/**
 * Starts work at a constant rate, whether or not earlier work has finished.
 * @param start gets the number of the start, from 0
 * @returns all results, in that order
 */
export async function openLoop(perSecond, seconds, start) {
  const begun = performance.now();
  const total = Math.max(1, Math.round(perSecond * seconds));
  const started = [];
  while (started.length < total) {
    const due = Math.floor(((performance.now() - begun) / 1000) * perSecond) + 1;
    while (started.length < Math.min(due, total)) started.push(start(started.length));
    await pause(TICK_MS);
  }
  return Promise.all(started);
}

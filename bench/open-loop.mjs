import { setTimeout as pause } from 'node:timers/promises';

const TICK_MS = 1;

/**
 * Starts something at an even pace, whether or not what was started before is over.
 * @param start is given a number, from 0 on
 * @returns what they all answer, in that order
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

/** Added to a pause at most, as a part of it, so that what failed together does not come back together. */
const JITTER = 0.1;

/**
 * Milliseconds until the next attempt, or undefined when there is none.
 * @param schedule milliseconds between the attempts
 * @param attempts how many have failed, 1 or more
 * @param random 0 to 1
 */
export function pauseAfter(schedule: readonly number[], attempts: number, random = Math.random()): number | undefined {
  const pause = schedule[attempts - 1];
  return pause && Math.round(pause * (1 + JITTER * random));
}

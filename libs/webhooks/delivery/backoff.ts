const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses after the first failed attempt, the second, …; after the last there is no further attempt. About 28 hours. */
const SCHEDULE = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];
/** Added to a pause at most, as a part of it, so that what failed together does not come back together. */
const JITTER = 0.1;

/**
 * Milliseconds until the next attempt, or undefined when there is none.
 * @param attempts how many have failed, 1 or more
 * @param random 0 to 1
 */
export function pauseAfter(attempts: number, random = Math.random()): number | undefined {
  const pause = SCHEDULE[attempts - 1];
  return pause && Math.round(pause * (1 + JITTER * random));
}

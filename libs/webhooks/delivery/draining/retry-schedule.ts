/** Maximum share that is added to a pause, so that simultaneous failures are not retried together. */
const JITTER = 0.1;

/**
 * Returns the milliseconds until the next attempt, or undefined when there is none.
 * @param schedule milliseconds between the attempts, from the variable `WEBHOOK_RETRY_SCHEDULE`: see `WebhookSettings`
 * @param attempts number of failed attempts, 1 or more
 * @param random 0 to 1
 */
export function pauseAfter(schedule: readonly number[], attempts: number, random = Math.random()): number | undefined {
  const pause = schedule[attempts - 1];
  return pause && Math.round(pause * (1 + JITTER * random));
}

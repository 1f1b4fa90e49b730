import { type DisabledReason } from '../../subscriptions/subscription.rules.js';
import { type AttemptResult } from '../sending/attempt.js';

/** The recent health of a subscription's receiver. */
export interface Health {
  /** Consecutive failures since the last success. */
  failures: number;
  /** Milliseconds since the first of these failures. */
  failingMs: number;
}

export const HEALTHY: Health = { failures: 0, failingMs: 0 };

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
/** Consecutive failures that trip the breaker: it then allows one attempt at a time, with a pause after each. */
export const TRIPPED_AFTER = 10;
/** Length of a pause, as a share of the time for which the receiver has failed. */
const PAUSE_SHARE = 0.1;
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [SECOND, 300 * SECOND];
/** Time of uninterrupted failures after which a receiver is disabled. */
const GIVE_UP_AFTER = 5 * DAY;

/** Returns whether the receiver is only probed now. */
export function isTripped({ failures }: Health): boolean {
  return failures >= TRIPPED_AFTER;
}

/** Returns the health after an attempt. */
export function afterAttempt(health: Health, { outcome }: AttemptResult): Health {
  return outcome === 'delivered' ? HEALTHY : { ...health, failures: health.failures + 1 };
}

/** Returns the milliseconds for which nothing is sent to the receiver after this attempt; 0 for no pause. */
export function pauseOfReceiver(health: Health, { outcome, retryAfterMs = 0 }: AttemptResult): number {
  if (outcome === 'delivered') return 0;
  const probing = Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, health.failingMs * PAUSE_SHARE));
  return Math.max(retryAfterMs, isTripped(health) ? probing : 0);
}

/** Returns why the subscription is to be disabled after this attempt, or undefined. */
export function reasonToDisable(health: Health, { outcome }: AttemptResult): DisabledReason | undefined {
  if (outcome === 'gone') return 'gone';
  return isTripped(health) && health.failingMs >= GIVE_UP_AFTER ? 'failing' : undefined;
}

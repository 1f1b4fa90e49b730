import { type SubscriptionRow } from './subscription.stream.js';

/** The health of a subscription's receiver; the worker writes it. */
export interface HealthRow {
  /** May be in the past; -Infinity when there is none. */
  pausedUntil: Date | number;
  /** Consecutive failures since the last success. */
  failures: number;
  failingSince: Date | null;
  /** The subscription's `failuresCountFrom` at that time. */
  countsFrom: Date | null;
}

/** The columns of a {@link HealthRow}, of a table `h`. */
export const HEALTH_COLUMNS = `h.paused_until AS "pausedUntil", h.failures, h.failing_since AS "failingSince",
  h.counts_from AS "countsFrom"`;

/** Returns the health that counts: it is reset when a subscription is enabled, redirected or reordered. */
export function shownHealth(health: HealthRow, { failuresCountFrom }: SubscriptionRow, now: Date) {
  if (health.countsFrom?.getTime() !== failuresCountFrom.getTime()) return { failures: 0 };
  const { failures, failingSince, pausedUntil } = health;
  const paused = typeof pausedUntil !== 'number' && pausedUntil > now;
  return {
    failures,
    ...(failingSince && { failingSince: failingSince.toISOString() }),
    ...(paused && { pausedUntil: pausedUntil.toISOString() }),
  };
}

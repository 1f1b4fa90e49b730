import { type SubscriptionRow } from './subscription.stream.js';

/** How the receiver of a subscription does; the worker writes it. */
export interface HealthRow {
  /** Of any time, -Infinity when there is none. */
  pausedUntil: Date | number;
  /** In a row, since the last success. */
  failures: number;
  failingSince: Date | null;
  /** The subscription's `failuresCountFrom` at that time. */
  countsFrom: Date | null;
}

/** The columns of a {@link HealthRow}, of a table `h`. */
export const HEALTH_COLUMNS = `h.paused_until AS "pausedUntil", h.failures, h.failing_since AS "failingSince",
  h.counts_from AS "countsFrom"`;

/** What counts of it for a subscription: what came before it was enabled, pointed elsewhere or put in another order does not. */
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

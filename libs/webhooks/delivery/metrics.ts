import { Counter, Histogram } from 'prom-client';
import { type Database } from '#libs/database/database.js';
import { watchRow } from '#libs/database/metrics.js';
import { type Outcome } from './sending/attempt.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const attempts = new Counter({
  name: 'deskstream_webhook_attempts_total',
  help: 'Attempts to deliver, by how they ended.',
  labelNames: ['outcome'],
});

const duration = new Histogram({
  name: 'deskstream_webhook_attempt_duration_seconds',
  help: 'How long attempts took, from the DNS lookup to the end of the response.',
  labelNames: ['outcome'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, MINUTE],
});

const exhausted = new Counter({
  name: 'deskstream_webhook_deliveries_exhausted_total',
  help: 'Deliveries that failed for good: their last attempt has failed.',
});

/** Buckets up to the end of the default schedule. */
const LATENCIES = [
  ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, MINUTE, 5 * MINUTE, 30 * MINUTE],
  ...[HOUR, 3 * HOUR, 8 * HOUR, 18 * HOUR, 28 * HOUR],
];

const latency = new Histogram({
  name: 'deskstream_webhook_delivery_latency_seconds',
  help: 'Time from when an event was recorded until a receiver accepted it.',
  buckets: LATENCIES,
});

/** Counts an ended attempt. */
export function countAttempt(outcome: Outcome, durationMs: number): void {
  attempts.inc({ outcome });
  duration.observe({ outcome }, durationMs / 1000);
}

/** Counts a delivery whose last attempt has failed. */
export function countExhausted(): void {
  exhausted.inc();
}

/** Records an accepted delivery. @param latencyMs since its event was recorded */
export function observeDelivery(latencyMs: number): void {
  latency.observe(latencyMs / 1000);
}

/** Maximum number of rows to count, so that a scrape costs little. */
const MOST_COUNTED = 100_000;

/**
 * Due deliveries are counted by subscription, so that those of a disabled one cannot hide them. Pending ones are read
 * in the order of their index, so that the planner reads only that index.
 */
export const BACKLOG = {
  text: `SELECT (SELECT count(*) FROM (
             SELECT FROM webhook_subscriptions s
               LEFT JOIN webhook_health h ON h.organization_id = s.organization_id AND h.subscription_id = s.id
               CROSS JOIN LATERAL (
                 SELECT FROM webhook_deliveries d
                 WHERE d.organization_id = s.organization_id AND d.subscription_id = s.id
                   AND d.state = 'pending' AND d.next_attempt_at <= now()
                 ORDER BY d.next_attempt_at LIMIT ${MOST_COUNTED}
               ) d
             WHERE s.enabled AND (h.paused_until <= now()) IS NOT FALSE LIMIT ${MOST_COUNTED}
           ) due) AS due,
           (SELECT count(*) FROM (
             SELECT FROM webhook_deliveries WHERE state = 'pending'
             ORDER BY organization_id, subscription_id, next_attempt_at LIMIT ${MOST_COUNTED}
           ) pending) AS pending`,
};

/** Exports the installation's backlog. @param database as the worker sees it */
export function watchBacklog(database: Database): void {
  watchRow<{ pending: number; due: number }>(database, BACKLOG, [
    {
      name: 'deskstream_webhook_deliveries_pending',
      help: `Deliveries that are to be made: due (now), or waiting (for their time, or for a receiver that is paused or disabled). Up to ${MOST_COUNTED} are counted.`,
      labelNames: ['state'],
      samples: ({ pending, due }) => [
        [{ state: 'due' }, due],
        [{ state: 'waiting' }, Math.max(pending - due, 0)],
      ],
    },
  ]);
}

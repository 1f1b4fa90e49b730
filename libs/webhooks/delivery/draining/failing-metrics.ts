import { type Database } from '#libs/database/database.js';
import { watchRow } from '#libs/database/metrics.js';
import { TRIPPED_AFTER } from './circuit-breaker.js';
import { COUNTS } from './drain-statements.js';

/** Maximum number of subscriptions to count, so that a scrape costs little. */
const MOST_COUNTED = 10_000;
/** Number of subscriptions with a time series of their own: those with the most failures. */
const NAMED = 20;

interface Failing {
  failing: number;
  tripped: number;
  worst: { organization: string; subscription: string; failures: number }[];
}

const FAILING = {
  text: `WITH failing AS MATERIALIZED (
           SELECT h.organization_id, h.subscription_id, h.failures FROM (
             SELECT * FROM webhook_health WHERE failures > 0 ORDER BY failures DESC LIMIT ${MOST_COUNTED}
           ) AS h JOIN webhook_subscriptions s ON s.organization_id = h.organization_id AND s.id = h.subscription_id
           WHERE s.enabled AND ${COUNTS}
         )
         SELECT count(*) AS failing, count(*) FILTER (WHERE failures >= ${TRIPPED_AFTER}) AS tripped,
           coalesce((SELECT jsonb_agg(w) FROM (
             SELECT organization_id AS organization, subscription_id AS subscription, failures
             FROM failing ORDER BY failures DESC, subscription_id LIMIT ${NAMED}) AS w), '[]') AS worst
         FROM failing`,
};

/** Exports the subscriptions whose receivers fail, of the whole installation. @param database as the worker sees it */
export function watchFailing(database: Database): void {
  watchRow<Failing>(database, FAILING, [
    {
      name: 'deskstream_webhook_subscriptions_failing',
      help: `Enabled subscriptions whose last attempt failed. Up to ${MOST_COUNTED} are counted.`,
      samples: ({ failing }) => [[{}, failing]],
    },
    {
      name: 'deskstream_webhook_breakers_tripped',
      help: 'Those whose circuit breaker is open: they get one attempt at a time, with pauses.',
      samples: ({ tripped }) => [[{}, tripped]],
    },
    {
      name: 'deskstream_webhook_subscription_failures',
      help: `Consecutive failures of the ${NAMED} subscriptions that fail worst.`,
      labelNames: ['organization', 'subscription'],
      samples: ({ worst }) => worst.map(({ failures, ...labels }) => [labels, failures]),
    },
  ]);
}

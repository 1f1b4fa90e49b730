import { type Statement } from '#libs/database/batch.js';
import { type CancelReason } from '../log/deliveries.dto.js';
import { SUBSCRIPTION_EXISTS } from './subscription.reader.js';

/**
 * Returns a statement that cancels the pending ones of some deliveries. In fifo order, those behind them have waited,
 * too, so the pause ends. It ends unconditionally, because an attempt that ends at this moment may begin it.
 */
export function cancelDeliveries(
  organizationId: string,
  subscriptionId: string,
  ids: string[],
  reason: CancelReason,
): Statement {
  return {
    text: `WITH cancelled AS (
             UPDATE webhook_deliveries SET state = 'cancelled', finished_at = now(), cancel_reason = $4
             WHERE organization_id = $1 AND subscription_id = $2 AND event_id = ANY($3) AND state = 'pending'
               AND ${SUBSCRIPTION_EXISTS}
             RETURNING 1
           )
           UPDATE webhook_health h SET paused_until = '-infinity' FROM webhook_subscriptions s
             WHERE h.organization_id = $1 AND h.subscription_id = $2 AND EXISTS (SELECT FROM cancelled)
               AND s.organization_id = $1 AND s.id = $2 AND s.ordering = 'fifo'`,
    values: [organizationId, subscriptionId, ids, reason],
  };
}

/** Returns a statement that requests a review of pending deliveries: see `Reviews`. Part of the settings' append. */
export function askForReview(organizationId: string, subscriptionId: string): Statement {
  return {
    text: `INSERT INTO webhook_health (organization_id, subscription_id, review_from) VALUES ($1, $2, 0)
           ON CONFLICT (organization_id, subscription_id) DO UPDATE SET review_from = excluded.review_from`,
    values: [organizationId, subscriptionId],
  };
}

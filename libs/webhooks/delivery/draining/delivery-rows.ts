import { type Database } from '#libs/database/database.js';
import { Grouping } from '#libs/database/grouping.js';
import { type DrainTarget, type Exchange, exchangeStatements, type Work, worksOf } from './drain-statements.js';

/** Maximum number of orphans to cancel at once. */
const CANCEL_AT_ONCE = 5_000;
/** Limits of grouped exchanges. */
const EXCHANGES = { parallel: 4, size: 32 };

/** The delivery rows of all organizations, as the worker sees them. */
export class DeliveryRows {
  readonly #exchanges = new Grouping<Exchange, Work>(EXCHANGES, async (exchanges) => {
    const statements = exchangeStatements(exchanges);
    const isAlone = exchanges.length === 1;
    const results = await (isAlone
      ? this.database.transact(null, statements)
      : this.database.transactTogether(statements));
    return worksOf(results, exchanges);
  });

  constructor(private readonly database: Database) {}

  /**
   * Records ended attempts, takes or renews the lease, and reads due deliveries: one round trip, one transaction.
   * Repeating it with the same attempts records them once.
   */
  exchange(exchange: Exchange): Promise<Work> {
    return this.#exchanges.call(exchange.organizationId, exchange);
  }

  /** Orders pending deliveries by position, whatever their pauses: for a subscription that changed to fifo order. */
  async putInOrder({ organizationId, subscriptionId }: DrainTarget): Promise<void> {
    await this.database.write(null, [
      {
        text: `UPDATE webhook_deliveries SET next_attempt_at = '-infinity'
               WHERE organization_id = $1 AND subscription_id = $2 AND state = 'pending' AND next_attempt_at > '-infinity'`,
        values: [organizationId, subscriptionId],
      },
    ]);
  }

  /** Cancels deliveries of deleted subscriptions, in some partitions, a limited number at a time. */
  async cancelOrphans(partitions: number[]): Promise<void> {
    const values = [partitions];
    const isGone = `partition_of(h.organization_id) = ANY($1) AND NOT EXISTS (SELECT FROM webhook_subscriptions s
                      WHERE s.organization_id = h.organization_id AND s.id = h.subscription_id)`;
    await this.database.write(null, [
      {
        text: `UPDATE webhook_deliveries SET state = 'cancelled', finished_at = now(), cancel_reason = 'subscription_deleted'
               WHERE (organization_id, event_id, subscription_id) IN (
                 SELECT d.organization_id, d.event_id, d.subscription_id
                 FROM webhook_health h JOIN webhook_deliveries d USING (organization_id, subscription_id)
                 WHERE ${isGone} AND d.state = 'pending' LIMIT ${CANCEL_AT_ONCE})`,
        values,
      },
      {
        text: `DELETE FROM webhook_health h WHERE ${isGone} AND NOT EXISTS (SELECT FROM webhook_deliveries d
                 WHERE d.organization_id = h.organization_id AND d.subscription_id = h.subscription_id
                   AND d.state = 'pending')`,
        values,
      },
    ]);
  }
}

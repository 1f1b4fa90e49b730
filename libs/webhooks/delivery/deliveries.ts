import { type Statement } from '#libs/platform/batch.js';
import { type Database } from '#libs/platform/database.js';
import { type SubscriptionRow } from '../subscription.projection.js';
import { type AttemptResult } from './attempt.js';

/** A subscription that has something to send now. */
export interface DrainTarget {
  organizationId: string;
  subscriptionId: string;
}

/** A delivery that this process has claimed, with the bytes to send. */
export interface ClaimedDelivery {
  organization_id: string;
  id: string;
  subscription_id: string;
  event_id: string;
  event_name: string;
  /** This attempt's number, 1 for the first. */
  attempts: number;
  body: string;
}

/** A message and the subscriptions that it is for. */
export interface Fanout {
  organizationId: string;
  eventId: string;
  eventName: string;
  body: string;
  subscriptionIds: string[];
}

/** How long a claim keeps others off: an attempt's deadline, and time to record it. */
const CLAIM_SECONDS = 65;

/** Statements that store messages and their deliveries. Storing them again changes nothing. */
export function storeFanouts(fanouts: Fanout[]): Statement[] {
  const rows = JSON.stringify(fanouts);
  return [
    {
      text: `INSERT INTO webhook_messages (organization_id, event_id, event_name, body)
             SELECT "organizationId", "eventId", "eventName", body
             FROM jsonb_to_recordset($1) AS f("organizationId" uuid, "eventId" uuid, "eventName" text, body text)
             ON CONFLICT DO NOTHING`,
      values: [rows],
    },
    {
      text: `INSERT INTO webhook_deliveries (organization_id, subscription_id, event_id, event_name)
             SELECT "organizationId", subscription_id, "eventId", "eventName"
             FROM jsonb_to_recordset($1)
               AS f("organizationId" uuid, "eventId" uuid, "eventName" text, "subscriptionIds" uuid[]),
               unnest("subscriptionIds") AS subscription_id
             ON CONFLICT DO NOTHING`,
      values: [rows],
    },
  ];
}

/** The delivery rows, as the worker sees them: of all organizations. */
export class Deliveries {
  constructor(private readonly database: Database) {}

  /** Takes due deliveries of a subscription, oldest first. Nobody else gets them before the claim runs out. */
  async claim({ organizationId, subscriptionId }: DrainTarget, limit: number): Promise<ClaimedDelivery[]> {
    return this.database.query(null, {
      text: `WITH due AS (
               SELECT organization_id, id FROM webhook_deliveries
               WHERE organization_id = $1 AND subscription_id = $2 AND state = 'pending' AND next_attempt_at <= now()
               ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
             ), claimed AS (
               UPDATE webhook_deliveries d
               SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $4)
               FROM due WHERE d.organization_id = due.organization_id AND d.id = due.id RETURNING d.*
             )
             SELECT c.organization_id, c.id, c.subscription_id, c.event_id, c.event_name, c.attempts, m.body
             FROM claimed c JOIN webhook_messages m USING (organization_id, event_id) ORDER BY c.id`,
      values: [organizationId, subscriptionId, limit, CLAIM_SECONDS],
    });
  }

  /**
   * Records an attempt and what follows from it: done, due again after a pause, or given up.
   * A claim that ran out meanwhile and was taken by another stays the other's.
   */
  async record(delivery: ClaimedDelivery, result: AttemptResult, pauseMs: number | undefined): Promise<void> {
    const key = [delivery.organization_id, delivery.id, delivery.attempts];
    const state = result.outcome === 'delivered' ? 'delivered' : pauseMs === undefined ? 'exhausted' : 'pending';
    await this.database.write(null, [
      {
        text: `INSERT INTO webhook_attempts (organization_id, delivery_id, number, subscription_id, event_id, event_name,
                 outcome, started_at, duration_ms, response_code, response_text)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN (SELECT redacted_at FROM webhook_messages
                 WHERE organization_id = $1 AND event_id = $5 FOR SHARE) IS NULL THEN $11 ELSE '' END)
               ON CONFLICT DO NOTHING`,
        values: [
          ...key,
          ...[delivery.subscription_id, delivery.event_id, delivery.event_name, result.outcome, result.startedAt],
          ...[result.durationMs, result.responseCode, result.responseText],
        ],
      },
      {
        text: `UPDATE webhook_deliveries SET state = $4, next_attempt_at = now() + make_interval(secs => $5),
                 finished_at = CASE WHEN $4 = 'pending' THEN NULL ELSE now() END
               WHERE organization_id = $1 AND id = $2 AND attempts = $3 AND state = 'pending'`,
        values: [...key, state, (pauseMs ?? 0) / 1000],
      },
    ]);
  }

  /** Enabled subscriptions with due deliveries, whether or not a job knows of them. */
  async due(): Promise<DrainTarget[]> {
    return this.database.query(null, {
      text: `SELECT organization_id AS "organizationId", id AS "subscriptionId" FROM webhook_subscriptions s
             WHERE enabled AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.organization_id = s.organization_id
               AND d.subscription_id = s.id AND d.state = 'pending' AND d.next_attempt_at <= now())`,
    });
  }

  /** Gives up the deliveries of subscriptions that are gone. */
  async cancelOrphans(): Promise<void> {
    await this.database.query(null, {
      text: `UPDATE webhook_deliveries d SET state = 'cancelled', finished_at = now()
             WHERE state = 'pending' AND next_attempt_at <= now() AND NOT EXISTS (SELECT FROM webhook_subscriptions s
               WHERE s.organization_id = d.organization_id AND s.id = d.subscription_id)`,
    });
  }

  /** The subscription as it is now, or undefined when it is gone or disabled: then nothing is sent. */
  async receiver({ organizationId, subscriptionId }: DrainTarget): Promise<SubscriptionRow | undefined> {
    const [row] = await this.database.query<SubscriptionRow>(null, {
      text: `SELECT organization_id AS "organizationId", id, url, "authorization", custom_headers AS "customHeaders",
               secret_key AS "secretKey", previous_secret_key AS "previousSecretKey",
               previous_secret_until AS "previousSecretUntil" FROM webhook_subscriptions
             WHERE organization_id = $1 AND id = $2 AND enabled`,
      values: [organizationId, subscriptionId],
    });
    return row;
  }
}

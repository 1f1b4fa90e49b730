import { type Database } from '#libs/database/database.js';

/** A subscription whose receiver fails, or that was disabled because it did. */
export interface FailingReceiver {
  organizationId: string;
  organization: string;
  subscriptionId: string;
  name: string;
  url: string;
  failures: number;
  failingSince: Date | null;
  disabledReason: string | null;
}

/** Maximum number of receivers in a list. */
const MAX_LISTED = 1_000;

/** Health counts as the API counts it: from when the subscription was last enabled, redirected or reordered. */
const FAILING = `
  SELECT s.organization_id AS "organizationId", o.name AS organization, s.id AS "subscriptionId", s.name, s.url,
    coalesce(h.failures, 0) AS failures, h.failing_since AS "failingSince", s.disabled_reason AS "disabledReason"
  FROM webhook_subscriptions s
    JOIN organizations o ON o.organization_id = s.organization_id
    LEFT JOIN webhook_health h ON h.organization_id = s.organization_id AND h.subscription_id = s.id
      AND h.counts_from = s.failures_count_from
  WHERE s.disabled_reason IS NOT NULL OR (s.enabled AND h.failing_since IS NOT NULL)
  ORDER BY h.failing_since, s.organization_id, s.id LIMIT ${MAX_LISTED}`;

/** Returns those of all organizations, the longest failing first. @param database as the worker sees it */
export function failingReceivers(database: Database): Promise<FailingReceiver[]> {
  return database.query<FailingReceiver>(null, { text: FAILING });
}

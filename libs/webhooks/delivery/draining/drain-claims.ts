import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type DrainTarget, IS_FREE, IS_PAUSED, LEASE_TIME } from './drain-statements.js';

/** Subscriptions of one organization that are claimed at once: others are to have some, too. */
export const CLAIMED_AT_ONCE = 32;

/** Organizations that other processes are told of at once. */
const SOME = 100;

/** Who claims, and how much. */
export interface Claim {
  /** The process that drains what it claims. */
  holder: string;
  /** Subscriptions at most. */
  room: number;
  /** Organizations that are passed over. */
  except: string[];
}

/**
 * Takes the leases of subscriptions with due deliveries that nobody drains, whether or not a job knows of them: of each
 * organization those that nobody has drained for the longest time. Those that another process is claiming are passed over.
 */
export class DrainClaims {
  /** @param database as the worker sees it */
  constructor(private readonly database: Database) {}

  /** Of some organizations. */
  ofOrganizations(organizationIds: string[], claim: Claim): Promise<DrainTarget[]> {
    return this.#claim('SELECT id FROM unnest($4::uuid[]) AS id', organizationIds, claim);
  }

  /** Of all organizations in some partitions. */
  ofPartitions(partitions: number[], claim: Claim): Promise<DrainTarget[]> {
    return this.#claim(waitingIn('$4'), partitions, claim);
  }

  /** Some organizations in partitions for which anything waits. */
  async someWaiting(partitions: number[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(null, {
      text: `${waitingIn('$1')} LIMIT ${SOME}`,
      values: [partitions],
    });
    return rows.map(({ id }) => id);
  }

  async #claim(organizations: string, values: unknown[], { holder, room, except }: Claim): Promise<DrainTarget[]> {
    if (values.length === 0 || room <= 0) return [];
    const statement: Statement = { text: claimFrom(organizations), values: [holder, room, except, values] };
    const [result] = await this.database.transact(null, [statement]);
    return result?.rows as DrainTarget[];
  }
}

/**
 * Organizations in partitions, a parameter, for which anything waits, in no order, so that none is always the last: one look into
 * the index for each that there is.
 */
const waitingIn = (partitions: string) => `
  WITH RECURSIVE waiting(id) AS (
    (SELECT organization_id FROM webhook_deliveries WHERE state = 'pending' ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT next.organization_id FROM waiting CROSS JOIN LATERAL (
      SELECT organization_id FROM webhook_deliveries WHERE state = 'pending' AND organization_id > waiting.id
      ORDER BY organization_id LIMIT 1) AS next
  )
  SELECT id FROM waiting WHERE partition_of(id) = ANY(${partitions}::integer[]) ORDER BY random()`;

/** Due deliveries are looked for last, and only for subscriptions whose lease is free: that is told by their row alone. */
const claimFrom = (organizations: string) => `
  WITH claimed AS MATERIALIZED (
    SELECT found.* FROM (${organizations}) AS o CROSS JOIN LATERAL (
      SELECT h.organization_id, h.subscription_id FROM (
        SELECT h.organization_id, h.subscription_id
        FROM webhook_health h JOIN webhook_subscriptions s USING (organization_id)
        WHERE organization_id = o.id AND s.id = h.subscription_id AND s.enabled AND NOT ${IS_PAUSED} AND ${IS_FREE}
        ORDER BY h.lease_until, h.subscription_id OFFSET 0
      ) AS idle JOIN webhook_health h USING (organization_id, subscription_id)
      WHERE ${IS_FREE} AND EXISTS (
        SELECT FROM webhook_deliveries d JOIN webhook_messages m USING (organization_id, event_id)
        WHERE d.organization_id = h.organization_id AND d.subscription_id = h.subscription_id
          AND d.state = 'pending' AND d.next_attempt_at <= now())
      LIMIT ${CLAIMED_AT_ONCE} FOR UPDATE OF h SKIP LOCKED
    ) AS found
    WHERE o.id <> ALL($3::uuid[]) LIMIT $2
  )
  UPDATE webhook_health h SET holder = $1, lease_until = now() + ${LEASE_TIME} FROM claimed c
  WHERE h.organization_id = c.organization_id AND h.subscription_id = c.subscription_id
  RETURNING h.organization_id AS "organizationId", h.subscription_id AS "subscriptionId"`;

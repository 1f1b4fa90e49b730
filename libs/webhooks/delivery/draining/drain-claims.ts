import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type DrainTarget, IS_FREE, IS_PAUSED, LEASE_TIME } from './drain-statements.js';

/** Maximum number of subscriptions of one organization in a claim, which leaves some to others. */
export const CLAIMED_AT_ONCE = 32;

/** Maximum number of organizations to notify other processes of at once. */
const SOME = 100;

/** The claimant, and the limits of a claim. */
export interface Claim {
  /** The process that drains the claimed subscriptions. */
  holder: string;
  /** Maximum number of subscriptions. */
  room: number;
  /** Organizations to skip. */
  except: string[];
}

/**
 * Claims the leases of subscriptions with due deliveries that nobody drains, with or without a job: of each
 * organization those drained least recently. Skips subscriptions that another process is claiming.
 */
export class DrainClaims {
  /** @param database as the worker sees it */
  constructor(private readonly database: Database) {}

  /** Claims subscriptions of some organizations. */
  ofOrganizations(organizationIds: string[], claim: Claim): Promise<DrainTarget[]> {
    return this.#claim('SELECT id FROM unnest($4::uuid[]) AS id', organizationIds, claim);
  }

  /** Claims subscriptions of all organizations in some partitions. */
  ofPartitions(partitions: number[], claim: Claim): Promise<DrainTarget[]> {
    return this.#claim(waitingIn('$4'), partitions, claim);
  }

  /** Returns some organizations in partitions that have pending deliveries. */
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
 * Returns SQL for organizations with pending deliveries in partitions, a parameter, in random order so that none is
 * always last. Takes one index lookup for each organization.
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

/** Searches due deliveries last, and only of subscriptions whose row shows that their lease is free. */
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

import { type Statement } from '#libs/platform/batch.js';
import { type SubscriptionRow } from '../subscription.projection.js';
import { type AttemptResult } from './attempt.js';

/** A subscription that may have something to send. */
export interface DrainTarget {
  organizationId: string;
  subscriptionId: string;
}

/** A delivery whose time has come. */
export interface DueDelivery {
  event_id: string;
  event_name: string;
  position: number;
  /** How many were made. */
  attempts: number;
  body: string;
}

/** An attempt that is over, and what follows from it. */
export interface EndedAttempt {
  id: string;
  delivery: DueDelivery;
  /** 1 for the first. */
  number: number;
  result: AttemptResult;
  /** Until the delivery's next attempt; undefined when there is none. */
  pauseMs: number | undefined;
  /** Made in fifo order: its turn comes again by its position. */
  fifo: boolean;
}

/** The subscription as it is now, with its receiver's health. */
export interface Receiver extends SubscriptionRow {
  failures: number;
  /** Milliseconds since the first of these failures. */
  failingMs: number;
  /** Nothing is to be sent just now. */
  paused: boolean;
}

/** What a drain tells, and asks for, in one round trip. */
export interface Exchange extends DrainTarget {
  /** Who drains. */
  holder: string;
  ended: EndedAttempt[];
  /** Failures in a row by now; undefined when the drain does not know yet. */
  failures: number | undefined;
  /** The {@link Receiver.failuresCountFrom} that these belong to. */
  countsFrom: Date | undefined;
  /** Whether to take or renew the lease, and to note how the receiver does. */
  renew: boolean;
  /** For how long nothing is to be sent. */
  pauseMs: number;
  /** Deliveries that are being attempted. */
  busy: string[];
  /** How many more could be. */
  room: number;
  /** Gives the lease back: always, or if nothing is due. */
  release: 'always' | 'if-idle' | 'never';
}

/** What is there to be done. */
export interface Work {
  /** Whether the subscription is this drain's alone. */
  leased: boolean;
  /** Undefined when the subscription is gone. */
  receiver: Receiver | undefined;
  /** In the order of their turn. */
  due: DueDelivery[];
}

/** How long a drain that has died keeps others off. */
const LEASE_SECONDS = 8;
/** More attempts than a drain makes at a time. */
const FEW = 50;

const IS_DUE = `d.organization_id = $1 AND d.subscription_id = $2 AND d.state = 'pending' AND d.next_attempt_at <= now()`;
/** There is something to send. */
const ANY_DUE = `EXISTS (SELECT FROM webhook_deliveries d JOIN webhook_messages m USING (organization_id, event_id) WHERE ${IS_DUE})`;
/** Failures and pauses from before the subscription was enabled, pointed elsewhere or put in another order are over. */
const COUNTS = 'h.counts_from = s.failures_count_from';
export const IS_PAUSED = `coalesce(${COUNTS} AND h.paused_until > now(), false)`;

/** The statements of an exchange; the last two tell what there is to be done: see {@link workOf}. */
export function exchangeStatements(exchange: Exchange): Statement[] {
  return [
    ...(exchange.ended.length > 0 ? record(exchange) : []),
    ...(exchange.renew ? [lease(exchange)] : []),
    receiver(exchange),
    due(exchange),
  ];
}

/** What the answers to {@link exchangeStatements} say. */
export function workOf(results: { rows: unknown[] }[]): Work {
  const [dueRows, [found]] = [results.at(-1)?.rows as DueDelivery[], results.at(-2)?.rows as [Found?]];
  const leased = found?.leased ?? false;
  return { leased, receiver: found?.id ? found : undefined, due: leased ? dueRows : [] };
}

/** What {@link receiver} finds. */
type Found = Receiver & { leased: boolean; id: string | null };

/** What another drain has found out meanwhile stays; that the attempt was made is recorded all the same. */
function record({ organizationId, subscriptionId, ended }: Exchange): Statement[] {
  const rows = ended.map(({ id, delivery, number, result, pauseMs, fifo }) => ({
    ...{ id, number, fifo, event_id: delivery.event_id, position: delivery.position, event_name: delivery.event_name },
    outcome: result.outcome,
    ...{ started_at: result.startedAt, duration_ms: result.durationMs, response_code: result.responseCode },
    response_text: result.responseText,
    state: result.outcome === 'delivered' ? 'delivered' : pauseMs === undefined ? 'exhausted' : 'pending',
    pause_seconds: (pauseMs ?? 0) / 1000,
  }));
  return [
    { text: 'SELECT share_redaction_lock($1)', values: [organizationId] },
    {
      // That they are few, and named by each key that an index has, leads the planner to them whatever its statistics say.
      text: `WITH ended AS (
               SELECT $1::uuid AS organization_id, $2::uuid AS subscription_id, e.* FROM jsonb_to_recordset($3) AS e(id uuid, number integer, event_id uuid, position bigint, event_name text,
                 outcome text, started_at timestamptz, duration_ms integer, response_code integer, response_text text,
                 state text, pause_seconds double precision, fifo boolean) LIMIT ${FEW}
             ), moved AS (
               UPDATE webhook_deliveries d SET attempts = e.number, state = e.state,
                 next_attempt_at = CASE WHEN e.fifo THEN '-infinity'
                   ELSE now() + make_interval(secs => e.pause_seconds) END,
                 finished_at = CASE WHEN e.state = 'pending' THEN NULL ELSE now() END
               FROM ended e WHERE d.organization_id = e.organization_id AND d.subscription_id = e.subscription_id
                 AND d.event_id = e.event_id AND d.position = e.position
                 AND d.attempts = e.number - 1 AND d.finished_at IS NULL
             )
             INSERT INTO webhook_attempts (organization_id, subscription_id, id, number, event_id, event_name, outcome,
               started_at, duration_ms, response_code, response_text)
             SELECT e.organization_id, e.subscription_id, e.id, e.number, e.event_id, e.event_name, e.outcome,
               e.started_at, e.duration_ms, e.response_code,
               CASE WHEN m.event_id IS NOT NULL AND m.redacted_at IS NULL THEN e.response_text ELSE '' END
             FROM ended e LEFT JOIN webhook_messages m USING (organization_id, event_id)
             ON CONFLICT DO NOTHING`,
      values: [organizationId, subscriptionId, JSON.stringify(rows)],
    },
  ];
}

/**
 * Takes the lease if it is free, renews it if it is one's own; and notes how the receiver does. Whether failures and
 * pauses count is not a matter of whose clock is ahead: they carry what the drain took for failures_count_from.
 */
function lease({
  organizationId,
  subscriptionId,
  holder,
  failures,
  pauseMs,
  release,
  countsFrom,
}: Exchange): Statement {
  return {
    text: `INSERT INTO webhook_health AS h (organization_id, subscription_id, holder, lease_until)
           VALUES ($1, $2, $3, now() + interval '${LEASE_SECONDS} seconds')
           ON CONFLICT (organization_id, subscription_id) DO UPDATE SET holder = excluded.holder,
             lease_until = CASE WHEN $6 = 'always' OR $6 = 'if-idle' AND NOT ${ANY_DUE} THEN now()
               ELSE excluded.lease_until END,
             failures = coalesce($4, h.failures),
             failing_since = CASE WHEN $4 IS NULL THEN h.failing_since WHEN $4 = 0 THEN NULL
               WHEN h.counts_from = $7 THEN coalesce(h.failing_since, now()) ELSE now() END,
             paused_until = greatest(now() + make_interval(secs => $5),
               CASE WHEN h.counts_from IS DISTINCT FROM coalesce($7, h.counts_from) THEN '-infinity'
                 ELSE h.paused_until END),
             counts_from = coalesce($7, h.counts_from)
           WHERE h.holder = excluded.holder OR h.lease_until <= now()`,
    values: [organizationId, subscriptionId, holder, failures, pauseMs / 1000, release, countsFrom],
  };
}

function receiver({ organizationId, subscriptionId, holder }: Exchange): Statement {
  return {
    text: `SELECT h.holder = $3 AND h.lease_until > now() AS leased, h.organization_id AS "organizationId", s.id, url, enabled,
             ordering, max_per_second AS "maxPerSecond", "authorization", custom_headers AS "customHeaders",
             secret_key AS "secretKey", previous_secret_key AS "previousSecretKey",
             previous_secret_until AS "previousSecretUntil", failures_count_from AS "failuresCountFrom",
             CASE WHEN ${COUNTS} THEN failures ELSE 0 END AS failures,
             CASE WHEN ${COUNTS} AND failing_since IS NOT NULL
               THEN extract(epoch FROM now() - failing_since)::float8 * 1000 ELSE 0 END AS "failingMs",
             ${IS_PAUSED} AS paused
           FROM webhook_health h
             LEFT JOIN webhook_subscriptions s ON s.organization_id = h.organization_id AND s.id = h.subscription_id
           WHERE h.organization_id = $1 AND h.subscription_id = $2`,
    values: [organizationId, subscriptionId, holder],
  };
}

function due({ organizationId, subscriptionId, busy, room }: Exchange): Statement {
  return {
    text: `SELECT d.event_id, d.event_name, d.position, d.attempts, m.body
           FROM webhook_deliveries d JOIN webhook_messages m USING (organization_id, event_id)
           WHERE ${IS_DUE} AND d.event_id <> ALL($3::uuid[])
           ORDER BY d.next_attempt_at, d.position LIMIT $4`,
    values: [organizationId, subscriptionId, busy, room],
  };
}

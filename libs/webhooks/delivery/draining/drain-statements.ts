import { type Statement } from '#libs/database/batch.js';
import { type SubscriptionRow } from '../../subscriptions/subscription.stream.js';
import { type AttemptResult } from '../sending/attempt.js';

/** A subscription that may have something to send. */
export interface DrainTarget {
  organizationId: string;
  subscriptionId: string;
}

/** A delivery that is due. */
export interface DueDelivery {
  event_id: string;
  event_name: string;
  position: number;
  /** Number of attempts made. */
  attempts: number;
  body: string;
  /** The span that the attempt belongs to (W3C), if there is one. */
  traceparent: string | null;
}

/** An ended attempt, and its consequences. */
export interface EndedAttempt {
  id: string;
  delivery: DueDelivery;
  /** 1 for the first. */
  number: number;
  result: AttemptResult;
  /** Milliseconds to the delivery's next attempt; undefined when there is none. */
  pauseMs: number | undefined;
  /** Whether it was made in fifo order: a retry then keeps its place by position. */
  fifo: boolean;
}

/** The current subscription, with its receiver's health. */
export interface Receiver extends SubscriptionRow {
  failures: number;
  /** Milliseconds since the first of these failures. */
  failingMs: number;
  /** Whether nothing may be sent now. */
  paused: boolean;
}

/** A drain's report and request in one round trip. */
export interface Exchange extends DrainTarget {
  /** The process that drains. */
  holder: string;
  ended: EndedAttempt[];
  /** Consecutive failures so far; undefined when the drain does not know yet. */
  failures: number | undefined;
  /** The {@link Receiver.failuresCountFrom} that these belong to. */
  countsFrom: Date | undefined;
  /** Whether to take or renew the lease, and to record the receiver's health. */
  renew: boolean;
  /** Time for which nothing may be sent. */
  pauseMs: number;
  /** In fifo order: the delivery to retry before any other, and when; unless it is cancelled. */
  head: { eventId: string; pauseMs: number } | undefined;
  /** Deliveries that are being attempted. */
  busy: string[];
  /** Maximum number to read. */
  room: number;
  /** When to release the lease: always, only if nothing is due, or never. */
  release: 'always' | 'if-idle' | 'never';
}

/** The result of an exchange. */
export interface Work {
  /** Whether this drain holds the lease. */
  leased: boolean;
  /** Undefined when the subscription is gone. */
  receiver: Receiver | undefined;
  /** Due deliveries, by turn. */
  due: DueDelivery[];
}

/**
 * Maximum number of parallel attempts of one subscription, and of those that a killed worker leaves unrecorded. An
 * {@link Exchange.room} is no larger.
 */
export const PARALLEL = 96;
/** Duration of a lease: how long a dead drain blocks others. */
const LEASE_SECONDS = 8;
export const LEASE_TIME = `interval '${LEASE_SECONDS} seconds'`;
/** SQL: nobody drains the subscription, because the lease has expired or its process is gone. */
export const IS_FREE = `(h.lease_until <= now()
  OR (h.holder NOT IN (SELECT present_holders()) AND NOT holder_is_alive(h.holder)))`;
/** SQL: `d` is due in an exchange `e`. */
const IS_DUE = `d.organization_id = e.organization_id AND d.subscription_id = e.subscription_id AND d.state = 'pending'
  AND d.next_attempt_at <= now()`;
/** SQL: the subscription has a delivery to send. */
const ANY_DUE = `EXISTS (SELECT FROM webhook_deliveries d JOIN webhook_messages m USING (organization_id, event_id) WHERE ${IS_DUE})`;
/** SQL: failures and pauses count, because the subscription was not enabled, redirected or reordered since. */
export const COUNTS = 'h.counts_from = s.failures_count_from';
export const IS_PAUSED = `coalesce(${COUNTS} AND h.paused_until > now(), false)`;
/** SQL for exchanges `e`, as a JSON array in `$1`. */
const EXCHANGES = `jsonb_to_recordset($1) AS e(organization_id uuid, subscription_id uuid, holder uuid, failures integer,
  counts_from timestamptz, renew boolean, pause_seconds double precision, head uuid, head_pause_seconds double precision,
  release text, busy uuid[], room integer)`;

/** Returns the statements of exchanges that share a transaction; the last two read the work: see {@link worksOf}. */
export function exchangeStatements(exchanges: Exchange[]): Statement[] {
  const ended = exchanges.flatMap(rowsOfEnded);
  const values = [JSON.stringify(exchanges.map(rowOf))];
  return [
    ...(ended.length > 0 ? record(exchanges, ended) : []),
    ...(exchanges.some(({ renew }) => renew) ? [{ text: LEASE, values }] : []),
    { text: RECEIVERS, values },
    { text: DUE, values },
  ];
}

/** Returns each exchange's work, from the results of {@link exchangeStatements}. */
export function worksOf(results: { rows: unknown[] }[], exchanges: Exchange[]): Work[] {
  const [receivers, due] = results.slice(-2).map(({ rows }) => rows) as [Found[], (DueDelivery & Of)[]];
  const found = new Map(receivers.map((row) => [row.of, row]));
  const dueOf = Map.groupBy(due, ({ of }) => of);
  return exchanges.map(({ subscriptionId }) => {
    const receiver = found.get(subscriptionId);
    const leased = receiver?.leased ?? false;
    return {
      leased,
      receiver: receiver?.id ? receiver : undefined,
      due: leased ? (dueOf.get(subscriptionId) ?? []) : [],
    };
  });
}

/** The subscription of a row. */
interface Of {
  of: string;
}

/** A row of {@link RECEIVERS}. */
type Found = Receiver & Of & { leased: boolean; id: string | null };

function rowOf(exchange: Exchange) {
  const { organizationId, subscriptionId, holder, failures, countsFrom, renew, pauseMs, head, release, busy, room } =
    exchange;
  return {
    organization_id: organizationId,
    subscription_id: subscriptionId,
    holder,
    failures,
    counts_from: countsFrom,
    renew,
    pause_seconds: pauseMs / 1000,
    release,
    busy,
    room,
    ...(head && { head: head.eventId, head_pause_seconds: head.pauseMs / 1000 }),
  };
}

function rowsOfEnded({ organizationId, subscriptionId, ended }: Exchange) {
  return ended.map(({ id, delivery, number, result, pauseMs, fifo }) => ({
    organization_id: organizationId,
    subscription_id: subscriptionId,
    id,
    number,
    fifo,
    event_id: delivery.event_id,
    position: delivery.position,
    event_name: delivery.event_name,
    outcome: result.outcome,
    started_at: result.startedAt,
    duration_ms: result.durationMs,
    response_code: result.responseCode,
    response_text: result.responseText,
    state: result.outcome === 'delivered' ? 'delivered' : pauseMs === undefined ? 'exhausted' : 'pending',
    pause_seconds: (pauseMs ?? 0) / 1000,
  }));
}

/** SQL: cancelled during the attempt `e`, which is not aborted; stays so unless the receiver has accepted it. */
const STAYS_CANCELLED = `d.state = 'cancelled' AND e.state <> 'delivered'`;

/** Records attempts in any case, but keeps delivery states that another drain has written since. */
function record(exchanges: Exchange[], ended: object[]): Statement[] {
  const organizationIds = [...new Set(exchanges.map(({ organizationId }) => organizationId))].sort();
  return [
    { text: 'SELECT share_redaction_lock(id) FROM unnest($1::uuid[]) AS id', values: [organizationIds] },
    {
      // The LIMIT and conditions on each key of the index lead the planner to these few rows, whatever its statistics
      // say. So does CASE, which it cannot look into: nearly all rows were finished at its last look, so it would begin
      // with the others.
      text: `WITH ended AS (
               SELECT * FROM jsonb_to_recordset($1) AS e(organization_id uuid, subscription_id uuid, id uuid, number integer,
                 event_id uuid, position bigint, event_name text, outcome text, started_at timestamptz, duration_ms integer,
                 response_code integer, response_text text, state text, pause_seconds double precision, fifo boolean)
               LIMIT $2
             ), moved AS (
               UPDATE webhook_deliveries d SET attempts = e.number,
                 state = CASE WHEN ${STAYS_CANCELLED} THEN d.state ELSE e.state END,
                 next_attempt_at = CASE WHEN e.fifo THEN '-infinity'
                   ELSE now() + make_interval(secs => e.pause_seconds) END,
                 finished_at = CASE WHEN ${STAYS_CANCELLED} THEN d.finished_at WHEN e.state = 'pending' THEN NULL ELSE now() END,
                 cancel_reason = CASE WHEN ${STAYS_CANCELLED} THEN d.cancel_reason END
               FROM ended e WHERE d.organization_id = e.organization_id AND d.subscription_id = e.subscription_id
                 AND d.event_id = e.event_id AND d.position = e.position
                 AND d.attempts = e.number - 1 AND CASE WHEN d.finished_at IS NULL OR d.state = 'cancelled' THEN true END
             )
             INSERT INTO webhook_attempts (organization_id, subscription_id, id, number, event_id, event_name, outcome,
               started_at, duration_ms, response_code, response_text)
             SELECT e.organization_id, e.subscription_id, e.id, e.number, e.event_id, e.event_name, e.outcome,
               e.started_at, e.duration_ms, e.response_code,
               CASE WHEN m.event_id IS NOT NULL AND m.redacted_at IS NULL THEN e.response_text ELSE '' END
             FROM ended e LEFT JOIN webhook_messages m USING (organization_id, event_id)
             ON CONFLICT DO NOTHING`,
      values: [JSON.stringify(ended), ended.length],
    },
  ];
}

/**
 * Takes free leases, renews own ones, and records the receivers' health. Whether failures and pauses count does not
 * depend on clocks: they carry the failures_count_from that the drain has read.
 */
const LEASE = `
  UPDATE webhook_health h SET holder = e.holder,
    lease_until = CASE WHEN e.release = 'always' OR e.release = 'if-idle' AND NOT ${ANY_DUE} THEN now()
      ELSE now() + ${LEASE_TIME} END,
    failures = coalesce(e.failures, h.failures),
    failing_since = CASE WHEN e.failures IS NULL THEN h.failing_since WHEN e.failures = 0 THEN NULL
      WHEN h.counts_from = e.counts_from THEN coalesce(h.failing_since, now()) ELSE now() END,
    paused_until = greatest(now() + make_interval(secs => e.pause_seconds),
      (SELECT now() + make_interval(secs => e.head_pause_seconds) FROM webhook_deliveries d
        WHERE d.organization_id = e.organization_id AND d.event_id = e.head AND d.subscription_id = e.subscription_id
          AND d.state = 'pending'),
      CASE WHEN h.counts_from IS DISTINCT FROM coalesce(e.counts_from, h.counts_from) THEN '-infinity'
        ELSE h.paused_until END),
    counts_from = coalesce(e.counts_from, h.counts_from)
  FROM ${EXCHANGES}
  WHERE e.renew AND h.organization_id = e.organization_id AND h.subscription_id = e.subscription_id
    AND (h.holder = e.holder OR ${IS_FREE})`;

const RECEIVERS = `
  SELECT e.subscription_id AS of, h.holder = e.holder AND h.lease_until > now() AS leased,
    h.organization_id AS "organizationId", s.id, url, enabled,
    ordering, max_per_second AS "maxPerSecond", "authorization", custom_headers AS "customHeaders",
    secret_key AS "secretKey", previous_secrets AS "previousSecrets", failures_count_from AS "failuresCountFrom",
    CASE WHEN ${COUNTS} THEN h.failures ELSE 0 END AS failures,
    CASE WHEN ${COUNTS} AND failing_since IS NOT NULL
      THEN extract(epoch FROM now() - failing_since)::float8 * 1000 ELSE 0 END AS "failingMs",
    ${IS_PAUSED} AS paused
  FROM ${EXCHANGES}
    JOIN webhook_health h ON h.organization_id = e.organization_id AND h.subscription_id = e.subscription_id
    LEFT JOIN webhook_subscriptions s ON s.organization_id = h.organization_id AND s.id = h.subscription_id`;

/** The planner takes an unknown limit for a tenth of the rows, and would sort all of them. */
const DUE = `
  SELECT e.subscription_id AS of, due.* FROM ${EXCHANGES}
    CROSS JOIN LATERAL (
      SELECT * FROM (
        SELECT d.event_id, d.event_name, d.position, d.attempts, m.body, m.traceparent
        FROM webhook_deliveries d JOIN webhook_messages m USING (organization_id, event_id)
        WHERE ${IS_DUE} AND d.event_id <> ALL(e.busy)
        ORDER BY d.next_attempt_at, d.position LIMIT ${PARALLEL}
      ) first LIMIT e.room
    ) due`;

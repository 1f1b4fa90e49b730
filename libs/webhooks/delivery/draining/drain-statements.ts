import { type Statement } from '#libs/database/batch.js';
import { type SubscriptionRow } from '../../subscriptions/subscription.stream.js';
import { type AttemptResult } from '../sending/attempt.js';

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
  /** In fifo order: what is to be tried again before anything else, and when; unless it is cancelled. */
  head: { eventId: string; pauseMs: number } | undefined;
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

/**
 * Attempts of one subscription that run side by side, and what a worker leaves unrecorded at most when it is killed. An
 * {@link Exchange.room} is no larger.
 */
export const PARALLEL = 96;
/** How long a drain that has died keeps others off. */
const LEASE_SECONDS = 8;
export const LEASE_TIME = `interval '${LEASE_SECONDS} seconds'`;
/** Nobody drains the subscription: the lease has run out, or its process is gone. */
export const IS_FREE = `(h.lease_until <= now()
  OR (h.holder NOT IN (SELECT present_holders()) AND NOT holder_is_alive(h.holder)))`;
/** Of an exchange `e`. */
const IS_DUE = `d.organization_id = e.organization_id AND d.subscription_id = e.subscription_id AND d.state = 'pending'
  AND d.next_attempt_at <= now()`;
/** There is something to send. */
const ANY_DUE = `EXISTS (SELECT FROM webhook_deliveries d JOIN webhook_messages m USING (organization_id, event_id) WHERE ${IS_DUE})`;
/** Failures and pauses from before the subscription was enabled, pointed elsewhere or put in another order are over. */
const COUNTS = 'h.counts_from = s.failures_count_from';
export const IS_PAUSED = `coalesce(${COUNTS} AND h.paused_until > now(), false)`;
/** `e`: the exchanges, of which `$1` holds many. */
const EXCHANGES = `jsonb_to_recordset($1) AS e(organization_id uuid, subscription_id uuid, holder uuid, failures integer,
  counts_from timestamptz, renew boolean, pause_seconds double precision, head uuid, head_pause_seconds double precision,
  release text, busy uuid[], room integer)`;

/** The statements of exchanges that share a transaction; the last two tell what there is to be done: see {@link worksOf}. */
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

/** What the answers to {@link exchangeStatements} say, for each exchange. */
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

/** Which subscription a row is about. */
interface Of {
  of: string;
}

/** What {@link RECEIVERS} finds. */
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

/** Cancelled during the attempt `e`, which cannot be called back: what the receiver has taken is delivered nevertheless. */
const STAYS_CANCELLED = `d.state = 'cancelled' AND e.state <> 'delivered'`;

/** What another drain has found out meanwhile stays; that the attempt was made is recorded all the same. */
function record(exchanges: Exchange[], ended: object[]): Statement[] {
  const organizationIds = [...new Set(exchanges.map(({ organizationId }) => organizationId))].sort();
  return [
    { text: 'SELECT share_redaction_lock(id) FROM unnest($1::uuid[]) AS id', values: [organizationIds] },
    {
      // That they are few, and named by each key that an index has, leads the planner to them whatever its statistics
      // say; so does CASE, which it cannot look into: nearly all were finished when it last looked, so it would look for
      // the others first.
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
 * Takes the leases that are free, renews those that are one's own; and notes how the receivers do. Whether failures and
 * pauses count is not a matter of whose clock is ahead: they carry what the drain took for failures_count_from.
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

/** The planner takes a limit that it does not know for a tenth of what there is, and would sort all of it. */
const DUE = `
  SELECT e.subscription_id AS of, due.* FROM ${EXCHANGES}
    CROSS JOIN LATERAL (
      SELECT * FROM (
        SELECT d.event_id, d.event_name, d.position, d.attempts, m.body
        FROM webhook_deliveries d JOIN webhook_messages m USING (organization_id, event_id)
        WHERE ${IS_DUE} AND d.event_id <> ALL(e.busy)
        ORDER BY d.next_attempt_at, d.position LIMIT ${PARALLEL}
      ) first LIMIT e.room
    ) due`;

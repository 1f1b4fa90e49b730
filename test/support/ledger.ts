import { type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';

/** What became of an event for a subscription. */
interface Entry {
  eventId: string;
  /** Null when there is no delivery of it. */
  state: string | null;
  /** As the delivery counts them. */
  attempts: number;
  /** Attempts on record. */
  logged: number;
  /** Of these, attempts that may have reached the receiver. */
  sent: number;
}

/** What a subscription's events came to. */
export interface Settled {
  /** Deliveries by their final states. */
  states: Record<string, number>;
  /** All that the receiver got, repetitions too. */
  requests: number;
  /** Requests that the receiver got, but that no attempt on record tells of: their worker was killed. */
  unlogged: number;
}

/** Of these, the receiver heard nothing. */
const NEVER_SENT = ['dns_error', 'tls_error', 'blocked_target'];
const FINAL = ['delivered', 'exhausted', 'cancelled'];

/** Each event that the subscription wants, since it was made. */
const ENTRIES = `
  SELECT e.event_id AS "eventId", d.state, coalesce(d.attempts, 0) AS attempts,
    count(a.id)::int AS logged, (count(a.id) FILTER (WHERE a.outcome <> ALL($2)))::int AS sent
  FROM webhook_subscriptions s
    JOIN events made ON made.organization_id = s.organization_id
      AND made.stream = 'webhookSubscription-' || s.id AND made.version = 1
    JOIN events e ON e.organization_id = s.organization_id AND e.type = ANY(s.events) AND e.position > made.position
    LEFT JOIN webhook_deliveries d ON d.organization_id = e.organization_id
      AND d.subscription_id = s.id AND d.event_id = e.event_id
    LEFT JOIN webhook_attempts a ON a.organization_id = e.organization_id
      AND a.subscription_id = s.id AND a.event_id = e.event_id
  WHERE s.id = $1
  GROUP BY e.event_id, d.state, d.attempts`;

/**
 * Waits until each event that a subscription without filters wants is delivered, exhausted or cancelled; checks that its
 * attempts are on record, and that the receiver got no request of another event, and none less than the record says.
 * @param requests heads and bodies, as the receiver got them for this subscription
 */
export async function settled(
  { sql }: Pick<TestDatabase, 'sql'>,
  subscriptionId: string,
  requests: string[],
  timeoutMs?: number,
): Promise<Settled> {
  const entries = await waitFor(
    'every delivery to come to its end',
    async () => {
      const found = await sql<Entry>(ENTRIES, [subscriptionId, NEVER_SENT]);
      return found.every(({ state }) => FINAL.includes(state ?? '')) && found;
    },
    timeoutMs,
  );
  const received = countById(requests);
  const unfounded = entries.filter(
    ({ eventId, state, attempts, logged, sent }) =>
      logged < attempts || (state !== 'cancelled' && logged === 0) || (received.get(eventId) ?? 0) < sent,
  );
  const ids = new Set(entries.map(({ eventId }) => eventId));
  expect({ unfounded, unknown: [...received.keys()].filter((id) => !ids.has(id)) }).toEqual({
    unfounded: [],
    unknown: [],
  });
  const states: Record<string, number> = {};
  for (const { state } of entries) states[state as string] = (states[state as string] ?? 0) + 1;
  const sent = entries.reduce((sum, entry) => sum + entry.sent, 0);
  return { states, requests: requests.length, unlogged: requests.length - sent };
}

function countById(requests: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const request of requests) {
    const id = /^webhook-id: (\S+)/im.exec(request)?.[1] ?? 'none';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

import { type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { EVENT_NAMES } from '#libs/webhooks/catalogue/catalogue.published.js';
import { subscriptionStream } from '#libs/webhooks/subscriptions/subscription.stream.js';

/** A database that is queried as its owner. */
type Asked = Pick<TestDatabase, 'sql'>;

/** A request that arrived at a receiver. */
export interface Request {
  subscriptionId: string;
  eventId: string;
}

/** The deliveries that are expected in the end, and the requests that arrived at the receivers. */
export interface Books {
  /** All deliveries of these subscriptions are checked. */
  subscriptions: string[];
  /** Each event is expected for each subscription; all `TagCreated` of the organization unless given. */
  events?: string[];
  /** The requests so far; those for other subscriptions are ignored. */
  requests: readonly Request[];
  /** Maximum number of requests that may lack a record because a process was killed. */
  unrecorded?: number;
}

/** A delivery in its final state. */
export interface Entry extends Request {
  state: string;
  /** Number of attempts in its last round. */
  attempts: number;
  /** The outcomes of all logged attempts, oldest first. */
  outcomes: string[];
}

const FINAL = ['delivered', 'exhausted', 'cancelled'];
/** Outcomes of attempts that never reach a receiver. */
const UNSEEN = ['blocked_target', 'dns_error', 'tls_error'];
/** Outcomes of attempts that may not have reached the receiver: the timeout includes connecting. */
const PERHAPS_UNSEEN = [...UNSEEN, 'timeout'];

/**
 * Checks the guarantee of deliveries: for each subscription, each event ends delivered, exhausted or cancelled, and
 * each attempt is logged. Waits until none of these deliveries is pending, and returns them.
 * @throws when the guarantee is broken, with the faults
 */
export async function settled(database: Asked, organizationId: string, books: Books): Promise<Entry[]> {
  const { events = await tagEvents(database, organizationId) } = books;
  const expected = events.flatMap((eventId) =>
    books.subscriptions.map((subscriptionId) => keyOf({ eventId, subscriptionId })),
  );
  const left = `SELECT count(*)::int AS rows, count(*) FILTER (WHERE state = 'pending')::int AS pending
                FROM webhook_deliveries WHERE organization_id = $1 AND subscription_id = ANY($2)`;
  let found: { rows: number; pending: number } | undefined;
  const isSettled = async () => {
    [found] = await database.sql<{ rows: number; pending: number }>(left, [organizationId, books.subscriptions]);
    return found && found.rows >= expected.length && found.pending === 0;
  };
  const moved = () => JSON.stringify([found, books.requests.length]);
  // Deliveries that are still pending are reported below, with all other faults.
  await waitFor('deliveries to end', isSettled, moved).catch(() => undefined);
  const entries = await entriesOf(database, organizationId, books.subscriptions);
  const faults = faultsOf(entries, expected, books);
  if (faults.length > 0) throw new Error([`${faults.length} faults:`, ...faults.slice(0, 20)].join('\n'));
  return entries;
}

/**
 * Checks the guarantee of fifo order: no event is accepted before an earlier one. Repetitions may arrive at any time.
 * @param events in the order of the feed
 * @param taken the requests that the subscription's receiver accepted, in the order of arrival
 */
export function faultsOfOrder(events: string[], taken: readonly Request[]): string[] {
  const places = new Map(events.map((eventId, place) => [eventId, place]));
  const order = [...new Set(taken.map(({ eventId }) => eventId))].filter((eventId) => places.has(eventId));
  return order.flatMap((eventId, index) => {
    const before = order[index - 1];
    const isLate = before !== undefined && (places.get(before) as number) > (places.get(eventId) as number);
    return isLate ? [`${eventId} was taken after ${before}`] : [];
  });
}

/** Returns the organization's `TagCreated` events, in the order of the feed. */
export async function tagEvents(database: Asked, organizationId: string): Promise<string[]> {
  const text = `SELECT event_id FROM events WHERE organization_id = $1 AND type = 'TagCreated' ORDER BY position`;
  return (await database.sql<{ event_id: string }>(text, [organizationId])).map(({ event_id }) => event_id);
}

/**
 * Returns all events that these subscriptions of one organization must get if they subscribe to everything: those after
 * their creation, in the order of the feed.
 */
export async function wantedEvents(
  database: Asked,
  subscriptions: string[],
): Promise<{ organizationId: string; events: string[] }> {
  const streams = subscriptions.map((id) => `${subscriptionStream.category}-${id}`);
  const [made] = await database.sql<{ organizationId: string; at: string }>(
    'SELECT organization_id AS "organizationId", max(position) AS at FROM events WHERE stream = ANY($1) GROUP BY 1',
    [streams],
  );
  if (!made) throw new Error(`There are no subscriptions ${subscriptions.join(', ')}`);
  const rows = await database.sql<{ id: string }>(
    'SELECT event_id AS id FROM events WHERE organization_id = $1 AND position > $2 AND type = ANY($3) ORDER BY position',
    [made.organizationId, made.at, EVENT_NAMES],
  );
  return { organizationId: made.organizationId, events: rows.map(({ id }) => id) };
}

function entriesOf(database: Asked, organizationId: string, subscriptions: string[]): Promise<Entry[]> {
  return database.sql(
    `SELECT event_id AS "eventId", subscription_id AS "subscriptionId", d.state, d.attempts,
       array_remove(array_agg(a.outcome ORDER BY a.id), NULL) AS outcomes
     FROM webhook_deliveries d FULL JOIN webhook_attempts a USING (organization_id, event_id, subscription_id)
     WHERE organization_id = $1 AND subscription_id = ANY($2)
     GROUP BY event_id, subscription_id, d.state, d.attempts`,
    [organizationId, subscriptions],
  );
}

function faultsOf(entries: Entry[], expected: string[], { subscriptions, requests, unrecorded = 0 }: Books): string[] {
  const found = new Set(entries.map(keyOf));
  const wanted = new Set(expected);
  const own = new Set(subscriptions);
  const came = Map.groupBy(
    requests.filter(({ subscriptionId }) => own.has(subscriptionId)),
    keyOf,
  );
  const without = (entry: Entry, ends: string[]) => entry.outcomes.filter((outcome) => !ends.includes(outcome)).length;
  const arrived = (entry: Entry) => came.get(keyOf(entry))?.length ?? 0;
  const unlogged = (entry: Entry) => arrived(entry) - without(entry, UNSEEN);
  const invented = (entry: Entry) => without(entry, PERHAPS_UNSEEN) - arrived(entry);
  const surplus = entries.reduce((sum, entry) => sum + Math.max(0, unlogged(entry)), 0);
  return [
    ...expected.filter((key) => !found.has(key)).map((key) => `${key}: no delivery`),
    ...[...came.keys()].filter((key) => !found.has(key)).map((key) => `${key}: sent without a delivery`),
    ...(surplus > unrecorded ? [`${surplus} requests came that are not logged`] : []),
    ...entries.flatMap((entry) => {
      const faults = [
        !wanted.has(keyOf(entry)) && 'not asked for',
        ...faultsOfEntry(entry),
        invented(entry) > 0 && `${invented(entry)} logged attempts that never came`,
        unlogged(entry) > unrecorded && `${unlogged(entry)} requests came that are not logged`,
      ];
      return faults.filter(Boolean).map((fault) => `${keyOf(entry)}: ${fault} (${JSON.stringify(entry)})`);
    }),
  ];
}

function faultsOfEntry({ state, attempts, outcomes }: Entry): (string | false)[] {
  const last = outcomes.at(-1);
  return [
    !FINAL.includes(state) && `is ${state}`,
    outcomes.length < attempts && 'attempts that are not logged',
    state === 'delivered' && last !== 'delivered' && 'delivered by no attempt',
    state === 'exhausted' && (!last || last === 'delivered') && 'exhausted without a failure',
  ];
}

function keyOf({ eventId, subscriptionId }: Request): string {
  return `${subscriptionId} ${eventId}`;
}

import { type Database } from '#libs/database/database.js';
import { beginSpan } from '#libs/platform/tracing.js';
import { type FeedEvent } from '#libs/event-store/event.js';
import { newerEvent } from '#libs/event-store/newer-event.js';
import { webhookEventType } from '../../catalogue/catalogue.published.js';
import { type FilterField, type Filters, passes } from '../../events/filters.rules.js';
import { type Ordering } from '../../subscriptions/subscription.rules.js';
import { subscriptionStream } from '../../subscriptions/subscription.stream.js';
import { type Fanout } from './fanout-rows.js';
import { type Payloads, type Published } from './payloads.js';

/** SQL for the event types that subscriptions in the partition `led` want: the relay reads no others. */
export const SUBSCRIBED_EVENTS = `SELECT DISTINCT unnest(events) FROM webhook_subscriptions
  WHERE enabled AND partition_of(organization_id) = led.partition`;

/** A subscription to match events with. */
interface Candidate {
  organization_id: string;
  organization_name: string;
  id: string;
  events: string[];
  filters: Record<string, Filters>;
  ordering: Ordering;
  /** Events up to this position are not for it: that of its own first event, or 0 for all events. */
  since: number;
}

/** Candidates by organization. */
export type Candidates = ReadonlyMap<string, Candidate[]>;

/** Decides which events of the feed go to which subscriptions, and with which bodies. */
export class FanoutPlanner {
  constructor(
    private readonly database: Database,
    private readonly payloads: Payloads,
  ) {}

  /**
   * Returns fanouts in the order of the events. Two round trips, or none when no event is wanted.
   * @throws {DomainError} `unavailable` when a payload depends on an event that only a newer release knows
   */
  async plan(events: FeedEvent[], candidates: Candidates): Promise<Fanout[]> {
    const wanted = events.filter((event) => candidates.get(event.organizationId)?.some((one) => wants(one, event)));
    const newer = wanted.find(({ opaque }) => opaque);
    if (newer) throw newerEvent(newer);
    const publishable = wanted.filter(({ type }) => webhookEventType(type));
    if (publishable.length === 0) return [];
    const addressed = (await this.payloads.published(publishable)).flatMap((published) =>
      addressedTo(published, candidates.get(published.event.organizationId) ?? []),
    );
    const related = await this.payloads.related(addressed.map(({ published }) => published));
    return addressed.map(({ published, organizationName, receivers }) => ({
      organizationId: published.event.organizationId,
      eventId: published.event.eventId,
      eventName: published.event.type,
      position: published.event.position,
      body: this.payloads.body(published, organizationName, related),
      traceparent: traceOf(published.event, receivers.length),
      receivers,
    }));
  }

  /** Returns the organizations in some partitions that have enabled subscriptions. */
  subscribers(partitions: number[]): Promise<Set<string>> {
    return this.#subscribersWhere('partition_of(organization_id) = ANY($1)', partitions);
  }

  /** Returns those of some organizations that have enabled subscriptions. */
  subscribersAmong(organizationIds: string[]): Promise<Set<string>> {
    return this.#subscribersWhere('organization_id = ANY($1)', organizationIds);
  }

  async #subscribersWhere(condition: string, values: unknown[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(null, {
      text: `SELECT DISTINCT organization_id AS id FROM webhook_subscriptions WHERE enabled AND ${condition}`,
      values: [values],
    });
    return new Set(rows.map(({ id }) => id));
  }

  /** Returns the ids of an organization's events that one subscription wants. */
  async wantedBy(events: FeedEvent[], candidate: Candidate): Promise<Set<string>> {
    const published = await this.payloads.published(events);
    const addressed = published.flatMap((one) => addressedTo(one, [candidate]));
    return new Set(addressed.map(({ published: { event } }) => event.eventId));
  }

  /** Returns the subscriptions that may want some of the events. */
  async candidates(events: FeedEvent[]): Promise<Candidates> {
    if (events.length === 0) return new Map();
    const candidates = await this.database.query<Candidate>(null, {
      text: `SELECT s.organization_id, o.name AS organization_name, s.id, s.events, s.filters, s.ordering,
               c.position AS since
             FROM webhook_subscriptions s JOIN organizations o USING (organization_id)
               JOIN events c ON c.organization_id = s.organization_id AND c.version = 1
                 AND c.stream = '${subscriptionStream.category}-' || s.id
             WHERE s.organization_id = ANY($1) AND s.enabled AND s.events && $2`,
      values: [
        [...new Set(events.map((event) => event.organizationId))],
        [...new Set(events.map((event) => event.type))],
      ],
    });
    return Map.groupBy(candidates, ({ organization_id }) => organization_id);
  }
}

function wants({ events, since }: Candidate, event: FeedEvent): boolean {
  return events.includes(event.type) && since < event.position;
}

/**
 * Returns the first events that make about the given number of deliveries; the last event may exceed it. Filters are
 * ignored: they may reduce the number.
 */
export function firstOf(events: FeedEvent[], candidates: Candidates, deliveries: number): FeedEvent[] {
  let made = 0;
  const end = events.findIndex((event) => {
    if (made >= deliveries) return true;
    made += candidates.get(event.organizationId)?.filter((candidate) => wants(candidate, event)).length ?? 0;
    return false;
  });
  return end < 0 ? events : events.slice(0, end);
}

/** Returns the subscriptions that an event goes to, if any. */
function addressedTo(published: Published, candidates: Candidate[]) {
  const { event, entity, eventType } = published;
  const found = Object.entries(eventType.filterFields ?? {}).map(([field, of]) => [field, of(entity, event)]);
  const fields = Object.fromEntries(found) as Partial<Record<FilterField, string>>;
  const receivers = candidates.filter(
    (candidate) => wants(candidate, event) && passes(candidate.filters[event.type], fields),
  );
  const [first] = receivers;
  if (!first) return [];
  return [
    {
      published,
      organizationName: first.organization_name,
      receivers: receivers.map(({ id, ordering }) => ({ id, fifo: ordering === 'fifo' })),
    },
  ];
}

/** Returns the trace of an event's deliveries: that of the event, with a span of this relay if it exports any. */
function traceOf({ metadata: { traceparent }, eventId, type }: FeedEvent, receivers: number): string | undefined {
  if (traceparent === undefined) return undefined;
  const attributes = { 'messaging.message.id': eventId, 'deskstream.event': type, 'deskstream.receivers': receivers };
  const span = beginSpan('webhook delivery', { kind: 'producer', parent: traceparent, attributes });
  span?.end();
  return span?.traceparent ?? traceparent;
}

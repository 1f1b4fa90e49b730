import { type FeedEvent, type RecordedEvent } from '#libs/event-store/event.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { type Database } from '#libs/platform/database.js';
import { payloadOf, webhookEventType } from '../catalogue.js';
import { type WebhookEventType } from '../event-type.js';
import { type FilterField, type Filters, passes } from '../filters.js';
import { subscriptionStream } from '../subscription.projection.js';
import { type Fanout } from './deliveries.js';

/** The types of event that anybody wants: the relay need not look at others. */
export const SUBSCRIBED_EVENTS = 'SELECT unnest(events) FROM webhook_subscriptions WHERE enabled';

interface Candidate {
  organization_id: string;
  organization_name: string;
  id: string;
  events: string[];
  filters: Record<string, Filters>;
  /** Of the subscription's first event: what was recorded before it is not meant for it. */
  since: number;
}

/** Decides which events of the feed go to which subscriptions, and what they say. */
export class FanoutPlanner {
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {}

  /** Costs two round trips a page, or one when nobody has subscribed to any of its events. */
  async plan(events: FeedEvent[]): Promise<Fanout[]> {
    const publishable = events.flatMap((event) => {
      const eventType = webhookEventType(event.type);
      return eventType ? [{ event, eventType }] : [];
    });
    if (publishable.length === 0) return [];
    const candidates = await this.#candidates(publishable.map(({ event }) => event));
    const wanted = publishable.filter(({ event }) => candidates.some((candidate) => wants(candidate, event)));
    const histories = await this.#histories(wanted.map(({ event }) => event));
    return wanted.flatMap(({ event, eventType }) => fanoutOf(event, eventType, candidates, histories));
  }

  async #candidates(events: FeedEvent[]): Promise<Candidate[]> {
    return this.database.query(null, {
      text: `SELECT s.organization_id, o.name AS organization_name, s.id, s.events, s.filters, c.position AS since
             FROM webhook_subscriptions s JOIN organizations o USING (organization_id)
               JOIN events c ON c.organization_id = s.organization_id AND c.version = 1
                 AND c.stream = '${subscriptionStream.category}-' || s.id
             WHERE s.organization_id = ANY($1) AND s.enabled AND s.events && $2`,
      values: [unique(events.map((event) => event.organizationId)), unique(events.map((event) => event.type))],
    });
  }

  /** The streams of the events: a payload shows the entity as it was right after its event. */
  async #histories(events: FeedEvent[]): Promise<RecordedEvent[]> {
    if (events.length === 0) return [];
    const rows = await this.database.query<EventRow>(null, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE organization_id = ANY($1) AND stream = ANY($2) ORDER BY stream, version`,
      values: [unique(events.map((event) => event.organizationId)), unique(events.map((event) => event.stream))],
    });
    return rows.map((row) => this.codec.decode(row));
  }
}

function wants({ organization_id, events, since }: Candidate, event: FeedEvent): boolean {
  return organization_id === event.organizationId && events.includes(event.type) && since < event.position;
}

function fanoutOf(
  event: FeedEvent,
  { stream, version, data, filterFields = {} }: WebhookEventType,
  candidates: Candidate[],
  histories: RecordedEvent[],
): Fanout[] {
  const entity = entityAt(event, stream, histories);
  const found = Object.entries(filterFields).map(([field, of]) => [field, of(entity, event)]);
  const fields = Object.fromEntries(found) as Partial<Record<FilterField, string>>;
  const receivers = candidates.filter(
    (candidate) => wants(candidate, event) && passes(candidate.filters[event.type], fields),
  );
  const [first] = receivers;
  if (!first) return [];
  const organization = { id: event.organizationId, name: first.organization_name };
  return [
    {
      organizationId: event.organizationId,
      eventId: event.eventId,
      eventName: event.type,
      body: payloadOf(event, organization, version, data(entity, event)),
      subscriptionIds: receivers.map(({ id }) => id),
    },
  ];
}

/** The entity right after the event; right before it, when the event has deleted it. */
function entityAt(event: FeedEvent, stream: AnyStreamDefinition, histories: RecordedEvent[]): unknown {
  const past = histories.filter(
    ({ organizationId, stream, version }) =>
      stream === event.stream && organizationId === event.organizationId && version < event.version,
  );
  const before: unknown = past.reduce<unknown>((state, earlier) => stream.evolve(state, earlier), stream.initialState);
  return stream.evolve(before, event) ?? before;
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}

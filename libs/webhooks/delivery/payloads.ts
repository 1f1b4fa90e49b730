import { type FeedEvent, type RecordedEvent } from '#libs/event-store/event.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from '#libs/event-store/event-codec.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Database } from '#libs/platform/database.js';
import { payloadOf, webhookEventType } from '../catalogue.js';
import { type WebhookEventType } from '../event-type.js';
import { NOTHING_RELATED, readRelated, type References, type Related } from '../related.js';

/** An event of the catalogue, with the entity that it shows. */
export interface Published {
  event: FeedEvent;
  eventType: WebhookEventType;
  /** Right after the event; right before it, when the event has deleted the entity. */
  entity: unknown;
}

/** Makes what events say to their subscribers, from the events themselves. */
export class Payloads {
  constructor(
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {}

  /**
   * The entities as they were at the events, in one round trip; in none for those that begin with them. Events that are not
   * in the catalogue drop out.
   * @param events those of one stream in their order
   */
  async published(events: FeedEvent[]): Promise<Published[]> {
    if (events.length === 0) return [];
    const histories = await this.#histories(events.filter(({ version }) => version > 1));
    const entities = new Map<string, (event: FeedEvent) => unknown>();
    return events.flatMap((event) => {
      const eventType = webhookEventType(event.type);
      if (!eventType) return [];
      const stream = streamOf(event);
      const entityAt = entities.get(stream) ?? entitiesOf(eventType.stream, histories.get(stream) ?? []);
      entities.set(stream, entityAt);
      return [{ event, eventType, entity: entityAt(event) }];
    });
  }

  /**
   * What the payloads refer to, by organization: a round trip for each that has any.
   * @param unread kinds that are shown by their ids alone
   */
  async related(published: Published[], unread: (keyof References)[] = []): Promise<Map<string, Related>> {
    const byOrganization = Map.groupBy(
      published.filter(({ eventType }) => eventType.references),
      ({ event }) => event.organizationId,
    );
    const related = [...byOrganization].map(async ([organizationId, group]) => {
      const hidden = Object.fromEntries(unread.map((kind) => [kind, []]));
      const references = group.map(({ event, eventType, entity }) => ({
        ...eventType.references?.(entity, event),
        ...hidden,
      }));
      return [organizationId, await readRelated(this.database, organizationId, references)] as const;
    });
    return new Map(await Promise.all(related));
  }

  /** The body to deliver. */
  body({ event, eventType, entity }: Published, organizationName: string, related: Map<string, Related>): string {
    const organization = { id: event.organizationId, name: organizationName };
    const data = eventType.data(entity, event, related.get(event.organizationId) ?? NOTHING_RELATED);
    return payloadOf(event, organization, eventType.version, data);
  }

  async #histories(events: FeedEvent[]): Promise<Map<string, RecordedEvent[]>> {
    if (events.length === 0) return new Map();
    const rows = await this.database.query<EventRow>(null, {
      text: `SELECT * FROM ${KEYED_EVENTS} WHERE organization_id = ANY($1) AND stream = ANY($2) ORDER BY stream, version`,
      values: [
        [...new Set(events.map((event) => event.organizationId))],
        [...new Set(events.map((event) => event.stream))],
      ],
    });
    return Map.groupBy(
      rows.map((row) => this.codec.decode(row)),
      streamOf,
    );
  }
}

function streamOf({ organizationId, stream }: RecordedEvent): string {
  return `${organizationId} ${stream}`;
}

/** Tells what the entity was at events that come in their order: what precedes them is folded once, not for each. */
function entitiesOf({ evolve, initialState }: AnyStreamDefinition, history: RecordedEvent[]) {
  const earlier = history.values();
  let [before, next] = [initialState as unknown, earlier.next()];
  return (event: FeedEvent): unknown => {
    for (; next.value && next.value.version < event.version; next = earlier.next()) before = evolve(before, next.value);
    return evolve(before, event) ?? before;
  };
}

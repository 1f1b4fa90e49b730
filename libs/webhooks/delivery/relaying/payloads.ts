import { type Database } from '#libs/database/database.js';
import { type EventCodec } from '#libs/event-store/event-codec.js';
import { type FeedEvent, type RecordedEvent } from '#libs/event-store/event.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { after, type Stretch, StreamStates, type Wanted } from '#libs/event-store/stream-states.js';
import { payloadOf, webhookEventType } from '../../catalogue/catalogue.published.js';
import { type WebhookEventType } from '../../events/event-type.published.js';
import {
  NOTHING_RELATED,
  readRelated,
  type References,
  type ReferencedEntities,
} from '../../events/referenced-entities.published.js';

/** An event of the catalogue, with the entity that it shows. */
export interface Published {
  event: FeedEvent;
  eventType: WebhookEventType;
  /** Its state right after the event; right before it, when the event has deleted the entity. */
  entity: unknown;
}

/** Builds the payloads of subscribers from the events themselves. */
export class Payloads {
  readonly #states: StreamStates;

  constructor(
    private readonly database: Database,
    codec: EventCodec,
  ) {
    this.#states = new StreamStates(database, codec);
  }

  /**
   * Returns the entities as they were at the events, in one round trip; in none for entities that the events create.
   * Events that are not in the catalogue are left out.
   * @param events those of one stream in their order
   */
  async published(events: FeedEvent[]): Promise<Published[]> {
    const known = events.flatMap((event) => {
      const eventType = webhookEventType(event.type);
      return eventType ? { event, eventType } : [];
    });
    const streams = [...Map.groupBy(known, ({ event }) => streamOf(event)).values()];
    const entities = await this.#entities(streams);
    return known.map((one) => ({ ...one, entity: entities.get(streamOf(one.event))?.(one.event) }));
  }

  /**
   * Returns the entities that the payloads refer to, by organization: a round trip for each that has any.
   * @param unread kinds that are shown only by their ids
   */
  async related(published: Published[], unread: (keyof References)[] = []): Promise<Map<string, ReferencedEntities>> {
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

  /** Returns the body to deliver. */
  body(
    { event, eventType, entity }: Published,
    organizationName: string,
    related: Map<string, ReferencedEntities>,
  ): string {
    const organization = { id: event.organizationId, name: organizationName };
    const data = eventType.data(entity, event, related.get(event.organizationId) ?? NOTHING_RELATED);
    return payloadOf(event, organization, eventType.version, data);
  }

  /** Returns, by stream, a function that returns the entity at each of some events, which must be passed in order. */
  async #entities(streams: Known[][]): Promise<Map<string, (event: FeedEvent) => unknown>> {
    const longer = streams.filter((stream) => lastOf(stream).version > 1);
    const wanted = longer.map((stream): Wanted => {
      const [{ event, eventType }] = stream as [Known];
      const { organizationId, stream: name, version: from } = event;
      return { definition: eventType.stream, organizationId, stream: name, from, through: lastOf(stream).version - 1 };
    });
    const stretches = await this.#states.stretches(null, wanted);
    const past = new Map(longer.map((stream, index) => [stream, stretches[index]]));
    return new Map(
      streams.map((stream) => {
        const [{ event, eventType }] = stream as [Known];
        return [streamOf(event), entityAt(eventType.stream, past.get(stream))];
      }),
    );
  }
}

/** An event of the catalogue. */
interface Known {
  event: FeedEvent;
  eventType: WebhookEventType;
}

function lastOf(stream: Known[]): FeedEvent {
  return (stream.at(-1) as Known).event;
}

function streamOf({ organizationId, stream }: RecordedEvent): string {
  return `${organizationId} ${stream}`;
}

/** Returns a function for the entity at events in their order: earlier ones are folded once, not for each. */
function entityAt(definition: AnyStreamDefinition, stretch?: Stretch): (event: FeedEvent) => unknown {
  const earlier = (stretch?.events ?? []).values();
  let [before, next] = [stretch?.base ?? { state: definition.initialState as unknown, version: 0 }, earlier.next()];
  return (event) => {
    for (; next.value && next.value.version < event.version; next = earlier.next()) {
      before = after(definition, before, next.value);
    }
    return after(definition, before, event).state ?? before.state;
  };
}

import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type RecordedEvent } from '#libs/event-store/event.js';
import { KnownNames, suggestion, type Verb } from '#libs/platform/did-you-mean.js';
import { quoted } from '#libs/platform/text.js';
import { type Resource } from '#libs/resources/resource.js';
import { RESOURCES } from '#libs/resources/resources.js';
import { type WebhookEventType } from '../events/event-type.published.js';
import { type FilterField } from '../events/filters.rules.js';
import { fullyQualifiedName } from '../events/fully-qualified-name.published.js';
import { PLANNED_EVENTS } from './planned-events.js';

type EventsOf<R> = R extends { webhookEvents: infer Events } ? keyof Events : never;

export type ProducedEventName = Extract<EventsOf<(typeof RESOURCES)[number]>, string>;

/** All events that are produced, by name: grouped by resource, in the order of the resources' paths. */
export const CATALOGUE = Object.fromEntries(
  RESOURCES.toSorted((one, other) => (one.path < other.path ? -1 : 1)).flatMap(({ webhookEvents = {} }: Resource) =>
    Object.entries(webhookEvents),
  ),
) as Record<ProducedEventName, WebhookEventType>;

export type WebhookEventName = ProducedEventName | keyof typeof PLANNED_EVENTS;

export const PRODUCED_EVENT_NAMES = Object.keys(CATALOGUE) as ProducedEventName[];

/** All events that can be subscribed to: produced ones, and planned ones of the public API. */
export const EVENT_NAMES = [...PRODUCED_EVENT_NAMES, ...Object.keys(PLANNED_EVENTS)] as WebhookEventName[];

const KNOWN_EVENTS = new KnownNames(EVENT_NAMES);
const NAMES_IN_PAYLOADS = new Map(EVENT_NAMES.map((name) => [fullyQualifiedName(name), name]));

/** Returns why a value is refused where the name of an event is expected. */
export function faultOfEventName(value: unknown, verb: Verb = 'is'): string {
  const list = 'GET /v1/webhooks/event-types lists the events';
  if (typeof value !== 'string' || value.trim() === '')
    return `${verb === 'is' ? 'must be the name of an event' : 'may only contain names of events'}; ${list}`;
  const meant = NAMES_IN_PAYLOADS.get(value);
  if (meant) return `${verb} ${value}, which is the name in payloads; use ${meant}`;
  return `${verb} ${quoted(value)}, which is not an event${suggestion(value, KNOWN_EVENTS) || `; ${list}`}`;
}

/** Returns the event of that name, if it is produced. */
export function webhookEventType(type: string): WebhookEventType | undefined {
  return Object.hasOwn(CATALOGUE, type) ? CATALOGUE[type as ProducedEventName] : undefined;
}

/** Returns the fields that filters of an event can use; undefined when there is no such event. */
export function filterFieldsOf(type: string): readonly FilterField[] | undefined {
  const produced = webhookEventType(type);
  if (produced) return Object.keys(produced.filterFields ?? {}) as FilterField[];
  return isPlanned(type) ? PLANNED_EVENTS[type].filterFields : undefined;
}

function isPlanned(type: string): type is keyof typeof PLANNED_EVENTS {
  return Object.hasOwn(PLANNED_EVENTS, type);
}

/** Returns the body that is signed, stored and sent. It is serialized once. */
export function payloadOf(
  event: Pick<RecordedEvent, 'eventId' | 'type' | 'recordedAt'>,
  organization: { id: string; name: string },
  version: string,
  data: object,
): string {
  return JSON.stringify({
    event_id: event.eventId,
    event_fqn: fullyQualifiedName(event.type),
    event_version: version,
    event_timestamp: event.recordedAt.toISOString(),
    organization,
    data,
  });
}

/** An event type as subscribers see it. An event that is not produced yet has no payload. */
export interface ShownEventType {
  name: WebhookEventName;
  eventFqn: string;
  produced: boolean;
  version?: string;
  description: string;
  filterFields: readonly FilterField[];
  example?: object;
  schema?: object;
}

const EXAMPLE = {
  eventId: EXAMPLE_IDS.event,
  recordedAt: new Date('2026-03-14T09:26:53.589Z'),
  organization: { id: EXAMPLE_IDS.organization, name: 'Example Ltd' },
};

/** Returns the catalogue as the API shows it. */
export function shownEventTypes(): ShownEventType[] {
  return EVENT_NAMES.map((name) => ({
    name,
    eventFqn: fullyQualifiedName(name),
    filterFields: filterFieldsOf(name) ?? [],
    ...(isPlanned(name)
      ? { produced: false, description: PLANNED_EVENTS[name].description }
      : { produced: true, ...shownPayload(name) }),
  }));
}

function shownPayload(name: ProducedEventName) {
  const { version, description, example, schema } = CATALOGUE[name];
  const payload = payloadOf({ ...EXAMPLE, type: name }, EXAMPLE.organization, version, example);
  return { version, description, example: JSON.parse(payload) as object, schema };
}

import { type RecordedEvent } from '#libs/event-store/event.js';
import { type WebhookEventType } from './event-type.js';
import { AGENT_EVENTS } from './events/agents.js';
import { TAG_EVENTS } from './events/tags.js';
import { TEAM_EVENTS } from './events/teams.js';

/** All events that can be subscribed to, by name. */
export const CATALOGUE = {
  ...TAG_EVENTS,
  ...AGENT_EVENTS,
  ...TEAM_EVENTS,
} as const;

export type WebhookEventName = keyof typeof CATALOGUE;

export const EVENT_NAMES = Object.keys(CATALOGUE) as WebhookEventName[];

export function webhookEventType(type: string): WebhookEventType | undefined {
  return Object.hasOwn(CATALOGUE, type) ? CATALOGUE[type as WebhookEventName] : undefined;
}

/** The body that is signed, stored and sent. Its bytes are made once. */
export function payloadOf(
  event: Pick<RecordedEvent, 'eventId' | 'type' | 'recordedAt'>,
  organization: { id: string; name: string },
  version: string,
  data: object,
): string {
  return JSON.stringify({
    event_id: event.eventId,
    event_fqn: qualifiedName(event.type),
    event_version: version,
    event_timestamp: event.recordedAt.toISOString(),
    organization,
    data,
  });
}

/** `TagCreated` → `TAG_CREATED` */
export function qualifiedName(type: string): string {
  return type.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toUpperCase();
}

import { type RecordedEvent } from '#libs/event-store/event.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Tag } from '#libs/tags/tag.js';
import { tagStream } from '#libs/tags/tag.projection.js';
import { type FilterField } from './filters.js';

/** One kind of event that can be subscribed to. Its name is also the domain event's type. */
export interface WebhookEventType<State = unknown> {
  /** Of the payload's `data`; rises when a field changes its meaning or goes away. */
  version: string;
  description: string;
  /** Where the event comes from; its state after the event is what `data` is made of. */
  stream: AnyStreamDefinition;
  /** The payload's `data`. */
  data: (state: State) => object;
  /** What filters can look at. */
  filterFields?: (state: State) => Partial<Record<FilterField, string>>;
  /** A realistic `data`. */
  example: object;
  /** JSON Schema (2020-12) of `data`. */
  schema: object;
}

const tagExample = (state: 'ACTIVE' | 'INACTIVE') => ({
  tag: { id: '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a', name: 'VIP', color: '#ff8800', state },
});

const tagSchema = {
  type: 'object',
  required: ['tag'],
  properties: {
    tag: {
      type: 'object',
      required: ['id', 'name', 'color', 'state'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        name: { type: 'string' },
        color: { type: ['string', 'null'] },
        state: { enum: ['ACTIVE', 'INACTIVE'] },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

function tagEvent(description: string, state: 'ACTIVE' | 'INACTIVE'): WebhookEventType<Tag> {
  return {
    version: '1',
    description,
    stream: tagStream,
    data: (tag) => ({
      tag: { id: tag.id, name: tag.name, color: tag.color ?? null, state: tag.state.toUpperCase() },
    }),
    example: tagExample(state),
    schema: tagSchema,
  };
}

/** All events that can be subscribed to, by name. */
export const CATALOGUE = {
  TagCreated: tagEvent('A tag was created.', 'ACTIVE'),
  TagActivated: tagEvent('An inactive tag was activated.', 'ACTIVE'),
  TagDeactivated: tagEvent('An active tag was deactivated.', 'INACTIVE'),
} as const;

export type WebhookEventName = keyof typeof CATALOGUE;

export const EVENT_NAMES = Object.keys(CATALOGUE) as WebhookEventName[];

export function webhookEventType(type: string): WebhookEventType | undefined {
  return Object.hasOwn(CATALOGUE, type) ? (CATALOGUE[type as WebhookEventName] as WebhookEventType) : undefined;
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

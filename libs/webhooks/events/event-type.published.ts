import { type RecordedEvent } from '#libs/event-store/event.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type FilterField } from './filters.rules.js';
import { type References, type ReferencedEntities } from './referenced-entities.published.js';

/** A kind of event that can be subscribed to. Its name is also the domain event's type. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the catalogue holds entities and events of every kind
export interface WebhookEventType<Entity = any, Data extends object = any> {
  /** Version of the payload's `data`; rises when a field changes its meaning or is removed. */
  version: string;
  description: string;
  /** The stream of the event. */
  stream: AnyStreamDefinition;
  /**
   * Returns the payload's `data`.
   * @param related the entities that {@link references} names, as they are when the payload is made
   * @param entity the stream's state right after the event; right before it, when the event has deleted the entity
   */
  data: (entity: Entity, event: RecordedEvent & { data: Data }, related: ReferencedEntities) => object;
  /** Returns the ids that `data` looks up in `related`. */
  references?: (entity: Entity, event: RecordedEvent & { data: Data }) => References;
  /** The categories of the streams whose personal data `data` shows; none unless given. */
  shows?: readonly ('agent' | 'conversation' | 'endUser')[];
  /** Fields for filters, with functions that return their values, or undefined if the event lacks the field. */
  filterFields?: Partial<Record<FilterField, (entity: Entity, event: RecordedEvent) => string | undefined>>;
  /** A realistic `data`. */
  example: object;
  /** JSON Schema (2020-12) of `data`. */
  schema: object;
}

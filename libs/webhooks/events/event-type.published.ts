import { type RecordedEvent } from '#libs/event-store/event.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type FilterField } from './filters.rules.js';
import { type References, type ReferencedEntities } from './referenced-entities.published.js';

/** One kind of event that can be subscribed to. Its name is also the domain event's type. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the catalogue holds entities and events of every kind
export interface WebhookEventType<Entity = any, Data extends object = any> {
  /** Of the payload's `data`; rises when a field changes its meaning or goes away. */
  version: string;
  description: string;
  /** Where the event comes from. */
  stream: AnyStreamDefinition;
  /**
   * The payload's `data`.
   * @param related the entities that {@link references} names, as they are when the payload is made
   * @param entity the stream's state right after the event; right before it, when the event has deleted the entity
   */
  data: (entity: Entity, event: RecordedEvent & { data: Data }, related: ReferencedEntities) => object;
  /** The ids that `data` looks up in what is related. */
  references?: (entity: Entity, event: RecordedEvent & { data: Data }) => References;
  /** The categories of the streams whose personal data `data` shows; none unless given. */
  shows?: readonly ('agent' | 'conversation' | 'endUser')[];
  /** What filters can look at, and how to find it; undefined where an event of this kind has none. */
  filterFields?: Partial<Record<FilterField, (entity: Entity, event: RecordedEvent) => string | undefined>>;
  /** A realistic `data`. */
  example: object;
  /** JSON Schema (2020-12) of `data`. */
  schema: object;
}

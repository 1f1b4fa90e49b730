import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';

/** What the rest of the server knows of a resource. Streams, scopes, histories and events to subscribe to follow from it. */
export interface Resource {
  /** The first part of its paths below `/v1`, and of its scopes. */
  path: string;
  /** Its group of operations in the API's document. */
  group: { name: string; description: string };
  /** The kinds of streams that it keeps. */
  streams: readonly AnyStreamDefinition[];
  /** What one of its entities is, where entities have histories. */
  entity?: EntityWithHistory;
  /** The events that can be subscribed to, by their names, which are those of the domain events. */
  webhookEvents?: Readonly<Record<string, WebhookEventType>>;
}

/** An entity whose events the API shows. */
export interface EntityWithHistory {
  /** What one is called, as in `API token`. */
  name: string;
  /** The path parameter that names one: a UUID, or the number where it is {@link numbered}. */
  id: string;
  numbered?: true;
  stream: AnyStreamDefinition;
  /**
   * The field of the events' data that names the entity in the organization's stream, where such events stood before the
   * entities had streams of their own.
   */
  formerlyBy?: string;
  /** What else there is to know of its history. */
  note?: string;
}

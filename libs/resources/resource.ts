import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type WebhookEventType } from '#libs/webhooks/events/event-type.published.js';

/**
 * The facts about a resource that the rest of the server uses. Streams, scopes, histories and webhook events follow
 * from them.
 */
export interface Resource {
  /** The first part of its paths below `/v1`, and of its scopes. */
  path: string;
  /** Its group of operations in the API's document. */
  group: { name: string; description: string };
  /** The kinds of streams that it owns. */
  streams: readonly AnyStreamDefinition[];
  /** Its entity, if entities of the resource have histories. */
  entity?: EntityWithHistory;
  /** The events that webhooks can subscribe to, by the names of the domain events. */
  webhookEvents?: Readonly<Record<string, WebhookEventType>>;
}

/** An entity whose events the API shows. */
export interface EntityWithHistory {
  /** The name of an entity, such as `API token`. */
  name: string;
  /** The path parameter with the entity's id: a UUID, or a number if it is {@link numbered}. */
  id: string;
  numbered?: true;
  stream: AnyStreamDefinition;
  /**
   * The field in the data of the organization's events that contains the entity's id, for events from before the
   * entities had their own streams.
   */
  formerlyBy?: string;
  /** A further note on its history. */
  note?: string;
}

/** What a resource's decider says has happened: a type in the past tense and its facts. */
export interface DomainEvent {
  type: string;
  data: object;
}

/** Who caused an event, and through what. Recorded with every event; the organization always comes from the token. */
export interface EventMetadata {
  /** The agent on whose behalf the token acts. */
  actorId: string;
  tokenId?: string;
  /** The HTTP request's id, as answered in `X-Request-Id`. */
  requestId?: string;
  /** Groups events that belong to one business operation. */
  correlationId?: string;
  /** The event that led to this one. */
  causationId?: string;
}

/** Whose stream is written, and what to record about the writer. */
export interface WriteContext extends EventMetadata {
  organizationId: string;
}

/** An event as the store keeps it. */
export interface RecordedEvent<E extends DomainEvent = DomainEvent> {
  organizationId: string;
  /** `<category>-<entity id>` */
  stream: string;
  /** 1 for the stream's first event, then without gaps. */
  version: number;
  eventId: string;
  type: E['type'];
  /** In the newest schema version, secret fields in clear. */
  data: E['data'];
  /** The secret fields as they are stored: see {@link StreamDefinition.secrets}. */
  sealed: Record<string, string>;
  metadata: EventMetadata;
  recordedAt: Date;
}

/** A recorded event with its place in the feed: rising, unique, with gaps. */
export interface FeedEvent<E extends DomainEvent = DomainEvent> extends RecordedEvent<E> {
  position: number;
}

/** Narrows a recorded event to one type of a union, with that type's data. */
export type RecordedOf<E extends DomainEvent> = {
  [T in E['type']]: RecordedEvent<Extract<E, { type: T }>> & { type: T };
}[E['type']];

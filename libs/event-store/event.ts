/** An event that a resource's decider returns: a type in the past tense and its facts. */
export interface DomainEvent {
  type: string;
  data: object;
}

/** The cause of an event, recorded with it. The organization always comes from the token. */
export interface EventMetadata {
  /** The agent on whose behalf the token acts. */
  actorId: string;
  tokenId?: string;
  /** The HTTP request's id, as answered in `X-Request-Id`. */
  requestId?: string;
  /** The span that recorded it (W3C), while traces are exported. */
  traceparent?: string;
  /** Groups events that belong to one business operation. */
  correlationId?: string;
}

/** An observer of the streams that are read for a change, and of those that are changed. */
export interface StreamObserver {
  /** @throws {DomainError} when the change must not be made at that version */
  loaded(stream: string, version: number, isPersonal: boolean): void;
  appended(stream: string, from: number, to: number, isPersonal: boolean): void;
  /** Reports a stream with personal data that the answer mentions. */
  met(stream: string): void;
}

/** The organization whose stream is written, and what to record about the writer. */
export interface WriteContext extends EventMetadata {
  organizationId: string;
  /** Not recorded. */
  observer?: StreamObserver;
}

/** The organization whose streams are read for a change. */
export type ReadContext = Pick<WriteContext, 'organizationId' | 'observer'>;

/** An event as the store keeps it. */
export interface RecordedEvent<E extends DomainEvent = DomainEvent> {
  organizationId: string;
  /** `<category>-<entity id>` */
  stream: string;
  /** 1 for the stream's first event, then without gaps. */
  version: number;
  eventId: string;
  type: E['type'];
  /** Data in the newest schema version, with secret fields in clear. */
  data: E['data'];
  /** The secret fields as they are stored: see {@link StreamDefinition.secrets}. */
  sealed: Record<string, string>;
  metadata: EventMetadata;
  recordedAt: Date;
}

/** A recorded event with its position in the feed. Positions rise and are unique, with gaps. */
export interface FeedEvent<E extends DomainEvent = DomainEvent> extends RecordedEvent<E> {
  position: number;
  /** Whether only a newer release knows the event: its data is empty then. */
  opaque: boolean;
}

/** The time and the cause of a recorded event. */
export type Recording = Pick<RecordedEvent, 'recordedAt' | 'metadata'>;

/** Narrows a recorded event to one type of a union, with that type's data. */
export type RecordedOf<E extends DomainEvent> = {
  [T in E['type']]: RecordedEvent<Extract<E, { type: T }>> & { type: T };
}[E['type']];

import { type StreamObserver } from '#libs/event-store/event.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { JsonText } from '#libs/platform/json-text.js';

/** The error for an entity that does not have the expected version. */
export class PreconditionFailed extends DomainError {
  /** @param currentVersion the version of the entity now */
  constructor(currentVersion: number) {
    super('precondition-failed', 'It has changed since: read it again, and send its new ETag in If-Match', {
      currentVersion,
    });
  }
}

/** The entity that a request is about. */
export interface EntityRef {
  /** The first part of its stream's name. */
  category: string;
  /** The rest of its stream's name; absent when the request creates the entity, or identifies it by something else. */
  id?: string;
  /** Whether the path names the entity by something else: it is the one of its category that the request reads. */
  namedOtherwise?: boolean;
}

/**
 * Tracks the version of the request's entity, which is that of its stream. The event store reports what it reads and
 * writes for the request; a version other than those that the client expects is refused.
 */
export class Preconditions implements StreamObserver {
  /**
   * The version of the entity; the answer may also show later changes. Undefined until the entity is read or written.
   */
  version: number | undefined;
  /** Streams with personal data that were read or written: the persons that an answer may mention. */
  readonly personalStreams = new Set<string>();
  #expected: ReadonlySet<number> | undefined;

  /** @param entity absent when the request is not about an entity with an ETag */
  constructor(private readonly entity?: EntityRef) {}

  /** Sets the versions that the entity may have when it is read for a change. */
  expect(versions: number[]): void {
    this.#expected = new Set(versions);
  }

  /** Takes the version from an answer that shows the entity, unless it is known already. */
  shown(answer: unknown): void {
    const data = (answer as { data?: unknown } | null | undefined)?.data;
    if (data instanceof JsonText) this.version ??= data.version;
  }

  met(stream: string): void {
    this.personalStreams.add(stream);
  }

  /**
   * Records that a stream was read for a change. The append will expect this version, so no writer can come in between.
   * @throws {PreconditionFailed}
   */
  loaded(stream: string, version: number, isPersonal: boolean): void {
    if (isPersonal) this.personalStreams.add(stream);
    if (version === 0 || !this.#owns(stream)) return;
    if (this.#expected?.has(version) === false) throw new PreconditionFailed(version);
    this.version = version;
  }

  /** Records an append to a stream. Further changes of the same request may expect its version. */
  appended(stream: string, from: number, to: number, isPersonal: boolean): void {
    if (isPersonal) this.personalStreams.add(stream);
    if (!this.#owns(stream, from === 0)) return;
    this.version = to;
    if (this.#expected) this.#expected = new Set([to]);
  }

  /** Returns whether a stream is that of the request's entity. @param isNew whether the request begins the stream */
  #owns(stream: string, isNew = false): boolean {
    if (!this.entity) return false;
    if (this.entity.id !== undefined) return stream === streamOf(this.entity);
    return (isNew || this.entity.namedOtherwise === true) && stream.startsWith(`${this.entity.category}-`);
  }
}

/** Returns the name of an entity's stream. */
export function streamOf({ category, id }: EntityRef): string {
  return `${category}-${id}`;
}

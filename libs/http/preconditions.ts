import { type StreamObserver } from '#libs/event-store/event.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { JsonText } from '#libs/platform/json-text.js';

/** An entity has changed since its client looked at it. */
export class PreconditionFailed extends DomainError {
  /** @param currentVersion what it is at now */
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
  /** The rest of it; absent when the request makes a new entity. */
  id?: string;
}

/**
 * The entity that a request is about, as far as its version matters: that of its stream. The event store tells what it
 * reads and writes for the request; that is refused when the client expects another version.
 */
export class Preconditions implements StreamObserver {
  /** What the answer shows, or shows already the changes after; unknown until the entity was looked at. */
  version: number | undefined;
  /** Streams with personal data that were read or written: whom an answer may tell of. */
  readonly personalStreams = new Set<string>();
  #expected: ReadonlySet<number> | undefined;

  /** @param entity absent when the request is about none that has an ETag */
  constructor(private readonly entity?: EntityRef) {}

  /** Refuses what finds the entity at none of these versions. */
  expect(versions: number[]): void {
    this.#expected = new Set(versions);
  }

  /** An answer shows the entity, as far as nobody has told its version yet. */
  shown(answer: unknown): void {
    const data = (answer as { data?: unknown } | null | undefined)?.data;
    if (data instanceof JsonText) this.version ??= data.version;
  }

  met(stream: string): void {
    this.personalStreams.add(stream);
  }

  /**
   * A stream was read for a change. What is then appended goes after this version or nowhere, so nobody slips between.
   * @throws {PreconditionFailed}
   */
  loaded(stream: string, version: number, isPersonal: boolean): void {
    if (isPersonal) this.personalStreams.add(stream);
    if (this.entity?.id === undefined || stream !== streamOf(this.entity) || version === 0) return;
    if (this.#expected?.has(version) === false) throw new PreconditionFailed(version);
    this.version = version;
  }

  /** A stream has been appended to: what the request does next may expect what it has done itself. */
  appended(stream: string, from: number, to: number, isPersonal: boolean): void {
    if (isPersonal) this.personalStreams.add(stream);
    if (!this.entity) return;
    const { category, id } = this.entity;
    const own = id === undefined ? from === 0 && stream.startsWith(`${category}-`) : stream === streamOf(this.entity);
    if (!own) return;
    this.version = to;
    if (this.#expected) this.#expected = new Set([to]);
  }
}

/** The name of an entity's stream. */
export function streamOf({ category, id }: EntityRef): string {
  return `${category}-${id}`;
}

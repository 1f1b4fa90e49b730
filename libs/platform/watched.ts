import type pg from 'pg';
import { type Statement } from './batch.js';
import { DomainError } from './domain-error.js';

/** An entity has changed since its client looked at it. */
export class PreconditionFailed extends DomainError {
  /** @param currentVersion what it is at now */
  constructor(currentVersion: number) {
    super('precondition-failed', 'It has changed since: read it again, and send its new ETag in If-Match', {
      currentVersion,
    });
  }
}

/**
 * The entity that a request is about, as far as its version matters: that of its stream. Reads find it out, by a
 * statement before their own; writes are told by the event store, and refused when the client expects another.
 */
export class Watched {
  /** What the answer shows, or shows already the changes after; unknown until the entity was looked at. */
  version: number | undefined;
  #expected: ReadonlySet<number> | undefined;
  #asked: boolean;

  /**
   * @param category the first part of the stream's name
   * @param id the rest of it; absent when the request makes a new entity
   * @param reads whether the request is one that only reads
   */
  constructor(
    private readonly category: string,
    private readonly id: string | undefined,
    reads: boolean,
  ) {
    this.#asked = !reads;
  }

  get #stream(): string {
    return `${this.category}-${this.id}`;
  }

  /** Refuses what finds the entity at none of these versions. */
  expect(versions: number[]): void {
    this.#expected = new Set(versions);
  }

  /** The statement that finds the version out; at most once. */
  question(organizationId: string): Statement | undefined {
    if (this.#asked) return undefined;
    this.#asked = true;
    return {
      text: 'SELECT version FROM events WHERE organization_id = $1 AND stream = $2 ORDER BY version DESC LIMIT 1',
      values: [organizationId, this.#stream],
    };
  }

  answered(result: pg.QueryResult<{ version: number }> | undefined): void {
    this.version = result?.rows[0]?.version;
  }

  /**
   * A stream was read for a change. What is then appended goes after this version or nowhere, so nobody slips between.
   * @throws {PreconditionFailed}
   */
  loaded(stream: string, version: number): void {
    if (this.id === undefined || stream !== this.#stream || version === 0) return;
    if (this.#expected?.has(version) === false) throw new PreconditionFailed(version);
    this.version = version;
  }

  /** A stream has been appended to: what the request does next may expect what it has done itself. */
  appended(stream: string, from: number, to: number): void {
    const own = this.id === undefined ? from === 0 && stream.startsWith(`${this.category}-`) : stream === this.#stream;
    if (!own) return;
    this.version = to;
    if (this.#expected) this.#expected = new Set([to]);
  }
}

import { Injectable } from '@nestjs/common';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { type FeedFilter } from '#libs/event-store/organization-feed.js';
import { faultOfChoice, KnownNames } from '#libs/platform/did-you-mean.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type FeedQuery } from './events.dto.js';
import { FeedCursors } from './feed-cursors.js';
import { FeedReader } from './feed-reader.js';

/** The position at which a reader starts, and the events that it reads. */
export interface FeedStart {
  position: number;
  filter: FeedFilter;
}

/** Interprets queries of the feed. */
@Injectable()
export class FeedQueries {
  constructor(
    private readonly codec: EventCodec,
    private readonly cursors: FeedCursors,
    private readonly reader: FeedReader,
  ) {}

  /**
   * Returns the start of a reader.
   * @param cursor takes precedence over the start that the query names
   * @throws {DomainError} `invalid` for a cursor of another feed, and for unknown types and kinds of stream
   */
  async startOf(
    organizationId: string,
    { from, types, category, stream, cursor: queried }: FeedQuery,
    cursor = queried,
  ): Promise<FeedStart> {
    for (const type of types ?? []) requireKnown('types', type, this.codec.types);
    if (category !== undefined) requireKnown('category', category, this.codec.categories);
    if (stream !== undefined) requireKnown('stream', stream.split('-', 1)[0] as string, this.codec.categories);
    const filter = { types, category, stream };
    if (cursor !== undefined) return { position: this.cursors.positionOf(cursor, organizationId), filter };
    return { position: from === 'now' ? await this.reader.end(organizationId) : 0, filter };
  }
}

function requireKnown(parameter: string, value: string, known: string[]): void {
  if (known.includes(value)) return;
  const reason = faultOfChoice(value, new KnownNames(known.sort()), parameter === 'types' ? 'contains' : 'is');
  throw new DomainError('invalid', `Invalid value for: query parameter ${parameter} (${reason})`);
}

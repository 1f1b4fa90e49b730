import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { type AuthenticatedRequest } from '#libs/http/request-context.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { frame, greeting, heartbeat } from './server-sent-events.js';
import { FeedCursors } from './feed-cursors.js';
import { type FeedStart } from './feed-queries.js';
import { FeedReader } from './feed-reader.js';
import { FeedOptions } from './events.settings.js';
import { ReaderLimits } from './reader-limits.js';
import { shownEvent } from './event.shown.js';

const PAGE = 100;
/** Number of bytes generated ahead of the client's reads. */
const AHEAD = 16 * 1024;
/** Time within which a stream must end when the process stops. */
const END_MS = 1_000;

/** Streams of events. Each lasts as long as its client reads and its token is valid. */
@Injectable()
export class EventStreams {
  constructor(
    private readonly reader: FeedReader,
    private readonly places: ReaderLimits,
    private readonly cursors: FeedCursors,
    private readonly codec: EventCodec,
    private readonly options: FeedOptions,
  ) {}

  /** Returns a stream of events. @throws {DomainError} when there is no place: see {@link ReaderLimits.take} */
  open(request: AuthenticatedRequest, reply: FastifyReply, start: FeedStart): Readable {
    const { signal } = this.places.take(request, reply);
    const drop = () => reply.raw.destroy();
    signal.addEventListener('abort', () => setTimeout(drop, END_MS).unref(), { once: true });
    const frames = this.#unlessStuck(this.#whileAllowed(request, this.#frames(request, start, signal)), drop);
    return Readable.from(frames, { objectMode: false, highWaterMark: AHEAD });
  }

  async *#frames(request: AuthenticatedRequest, { position, filter }: FeedStart, signal: AbortSignal) {
    const { organizationId } = request.caller;
    const reading = { organizationId, filter, limit: PAGE };
    const cursorAt = (place: number) => this.cursors.at(place, organizationId);
    yield greeting(cursorAt(position));
    for (let after = position; ;) {
      const page = await this.reader.await(reading, after, this.options.heartbeatMs, signal);
      for (const row of page.rows) {
        yield frame(cursorAt(row.position), row, shownEvent(this.codec, row, request.scopes));
      }
      after = page.position;
      if (signal.aborted) return;
      if (page.rows.length === 0) yield heartbeat(cursorAt(after));
    }
  }

  /** Ends the stream once the token may no longer read it. The token is checked once in each heartbeat interval. */
  async *#whileAllowed(request: AuthenticatedRequest, frames: AsyncIterable<string>) {
    let checkedAt = performance.now();
    for await (const text of frames) {
      if (performance.now() - checkedAt >= this.options.heartbeatMs) {
        if (!(await isAllowed(request))) return;
        checkedAt = performance.now();
      }
      yield text;
    }
  }

  async *#unlessStuck(frames: AsyncIterable<string>, drop: () => void) {
    for await (const text of frames) {
      const timer = setTimeout(drop, 2 * this.options.heartbeatMs);
      try {
        yield text;
      } finally {
        clearTimeout(timer);
      }
    }
  }
}

async function isAllowed(request: AuthenticatedRequest): Promise<boolean> {
  try {
    await request.reauthorize();
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.kind !== 'unavailable') return false;
    throw error;
  }
}

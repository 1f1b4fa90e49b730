import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Gauge } from 'prom-client';
import { DomainError } from '#libs/platform/domain-error.js';
import { type AuthenticatedRequest } from '#libs/platform/http/request-context.js';
import { FeedOptions } from './options.js';

const readers = new Gauge({ name: 'deskstream_event_readers', help: 'Readers that wait for events or follow them.' });

/** What a reader that waits takes up, until it leaves or its client is gone. */
export interface Place {
  /** Aborted when the client is gone, or when the process stops. */
  signal: AbortSignal;
  leave(): void;
}

/** The places for readers that wait for events or follow them. */
@Injectable()
export class FeedPlaces implements BeforeApplicationShutdown {
  readonly #taken = new Map<AbortController, string>();
  #closed = false;

  constructor(private readonly options: FeedOptions) {}

  /** @throws {DomainError} `too-many-requests` when the token has all the places that it may have, `unavailable` when there are none */
  take({ caller, socket }: AuthenticatedRequest, { raw }: FastifyReply): Place {
    const owner = caller.tokenId ?? caller.actorId;
    const { maxReaders, maxReadersPerToken } = this.options;
    if (this.#closed || this.#taken.size >= maxReaders) {
      throw new DomainError('unavailable', 'No more readers can wait for events just now', { retryAfterSeconds: 5 });
    }
    if ([...this.#taken.values()].filter((other) => other === owner).length >= maxReadersPerToken) {
      const message = `The API token has ${maxReadersPerToken} readers that wait for events already`;
      throw new DomainError('too-many-requests', message, { retryAfterSeconds: 5 });
    }
    const reader = new AbortController();
    this.#taken.set(reader, owner);
    readers.inc();
    const leave = () => {
      raw.off('close', leave);
      socket.off('close', leave);
      if (this.#taken.delete(reader)) readers.dec();
      reader.abort();
    };
    // An answer that others are before on the same connection may never be closed, even when the connection is.
    raw.once('close', leave);
    socket.once('close', leave);
    // Gone before it got its place: nothing will tell of that any more.
    if (raw.destroyed || socket.destroyed) leave();
    return { signal: reader.signal, leave };
  }

  /** Before the server waits for the answers that are under way. */
  beforeApplicationShutdown(): void {
    this.#closed = true;
    for (const reader of this.#taken.keys()) reader.abort();
  }
}

import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Gauge } from 'prom-client';
import { DomainError } from '#libs/platform/domain-error.js';
import { type AuthenticatedRequest } from '#libs/platform/http/request-context.js';
import { FeedOptions } from './options.js';

const readers = new Gauge({ name: 'deskstream_event_readers', help: 'Readers that wait for events or follow them.' });

/** When those come again who have found no place. */
const RETRY_SECONDS = 5;

/** What a reader that waits takes up, until it leaves or its client is gone. */
export interface Place {
  /** Aborted when the client is gone, or when the process stops. */
  signal: AbortSignal;
  leave(): void;
}

interface Owner {
  organizationId: string;
  token: string;
}

/** The places for readers that wait for events or follow them. */
@Injectable()
export class FeedPlaces implements BeforeApplicationShutdown {
  readonly #taken = new Map<AbortController, Owner>();
  #closed = false;

  constructor(private readonly options: FeedOptions) {}

  /** @throws {DomainError} `too-many-requests` when the token or the organization has its share, `unavailable` when all places are taken */
  take({ caller, socket }: AuthenticatedRequest, { raw }: FastifyReply): Place {
    const owner = { organizationId: caller.organizationId, token: caller.tokenId ?? caller.actorId };
    this.#mustHaveRoom(owner);
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

  #mustHaveRoom({ organizationId, token }: Owner): void {
    const { maxReaders, maxReadersPerOrganization, maxReadersPerToken } = this.options;
    const compatriots = [...this.#taken.values()].filter((other) => other.organizationId === organizationId);
    const shares: [string, Owner[], number][] = [
      ['API token', compatriots.filter((other) => other.token === token), maxReadersPerToken],
      ['organization', compatriots, maxReadersPerOrganization],
    ];
    for (const [whose, taken, most] of shares) {
      if (taken.length < most) continue;
      const message = `The ${whose} has ${most} readers that wait for events already; end one, or try again later`;
      throw new DomainError('too-many-requests', message, { retryAfterSeconds: RETRY_SECONDS });
    }
    if (!this.#closed && this.#taken.size < maxReaders) return;
    const message = 'No more readers can wait for events just now';
    throw new DomainError('unavailable', message, { retryAfterSeconds: RETRY_SECONDS });
  }

  /** Before the server waits for the answers that are under way. */
  beforeApplicationShutdown(): void {
    this.#closed = true;
    for (const reader of this.#taken.keys()) reader.abort();
  }
}

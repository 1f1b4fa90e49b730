import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Gauge } from 'prom-client';
import { type AuthenticatedRequest } from '#libs/http/request-context.js';
import { whenOver } from '#libs/http/response-end.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { Places } from '#libs/platform/places.js';
import { FeedOptions } from './events.settings.js';

const readers = new Gauge({ name: 'deskstream_event_readers', help: 'Readers that wait for events or follow them.' });

/** Time after which readers without a place should retry. */
const RETRY_SECONDS = 5;

/** The place of a waiting reader, held until the reader leaves or its client disconnects. */
export interface Place {
  /** Aborted when the client disconnects or the process stops. */
  signal: AbortSignal;
  leave(): void;
}

/** The places for readers that wait for events or follow them. */
@Injectable()
export class ReaderLimits implements BeforeApplicationShutdown {
  readonly #readers = new Set<AbortController>();
  readonly #places: Places;
  readonly #placesOfTokens: Places;
  #closed = false;

  constructor({ maxReaders, maxReadersPerOrganization, maxReadersPerToken }: FeedOptions) {
    this.#places = new Places({
      places: maxReaders,
      most: maxReadersPerOrganization,
      leavesRoom: true,
      retrySeconds: RETRY_SECONDS,
      refusal: FULL,
      shareRefusal: shareRefusalOf('organization'),
    });
    this.#placesOfTokens = new Places({
      places: Infinity,
      most: maxReadersPerToken,
      retrySeconds: RETRY_SECONDS,
      shareRefusal: shareRefusalOf('API token'),
    });
  }

  /**
   * Takes a place.
   * @throws {DomainError} `too-many-requests` when the token or the organization has its share, `unavailable` when all
   *   places are taken
   */
  take(request: AuthenticatedRequest, reply: FastifyReply): Place {
    const { organizationId, tokenId, actorId } = request.caller;
    const free = this.#taken(organizationId, tokenId ?? actorId);
    const reader = new AbortController();
    this.#readers.add(reader);
    readers.inc();
    const leave = whenOver(request, reply, () => {
      readers.dec();
      this.#readers.delete(reader);
      free();
      reader.abort();
    });
    return { signal: reader.signal, leave };
  }

  /** Takes a place, and returns the function that gives it back. */
  #taken(organizationId: string, token: string): () => void {
    if (this.#closed) throw new DomainError('unavailable', FULL, { retryAfterSeconds: RETRY_SECONDS });
    this.#placesOfTokens.takeAtOnce(token);
    try {
      this.#places.takeAtOnce(organizationId);
    } catch (error) {
      this.#placesOfTokens.leave(token);
      throw error;
    }
    return () => {
      this.#placesOfTokens.leave(token);
      this.#places.leave(organizationId);
    };
  }

  /** Ends all readers before the server waits for open requests. */
  beforeApplicationShutdown(): void {
    this.#closed = true;
    for (const reader of this.#readers) reader.abort();
  }
}

const FULL = 'No more readers can wait for events at the moment; try again later';

function shareRefusalOf(whose: string): (taken: number) => string {
  return (taken) =>
    `The ${whose} has ${taken} readers waiting for events, which is the maximum; end one, or try again later`;
}

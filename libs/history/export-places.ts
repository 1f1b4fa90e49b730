import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { DomainError } from '#libs/platform/domain-error.js';
import { type AuthenticatedRequest } from '#libs/platform/http/request-context.js';

/** When to ask again; how long an export takes is for its client to say. */
const RETRY_AFTER_SECONDS = 10;

/** Lets each organization have one export at a time in this process: nobody's fill it. */
@Injectable()
export class ExportPlaces {
  readonly #taken = new Set<string>();

  /**
   * Takes the organization's place until the answer is over, or its client is gone.
   * @throws {DomainError} `too-many-requests` when an export of the organization is under way
   */
  take({ caller: { organizationId }, socket }: AuthenticatedRequest, { raw }: FastifyReply): void {
    if (this.#taken.has(organizationId)) throw underWay();
    this.#taken.add(organizationId);
    const leave = () => {
      raw.off('close', leave);
      socket.off('close', leave);
      this.#taken.delete(organizationId);
    };
    // An answer that others are before on the same connection may never be closed, even when the connection is.
    raw.once('close', leave);
    socket.once('close', leave);
    // Gone before it got its place: nothing will tell of that any more.
    if (raw.destroyed || socket.destroyed) leave();
  }
}

function underWay(): DomainError {
  return new DomainError(
    'too-many-requests',
    'An export of the organization is under way: read it to its end, then request the next',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

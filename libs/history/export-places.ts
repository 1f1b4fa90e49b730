import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest } from '#libs/http/request-context.js';
import { whenOver } from '#libs/http/when-over.js';
import { Places } from '#libs/platform/places.js';

/** Exports of this process at the same time, and those of one organization: nobody's fill it. */
export const EXPORTS = { places: 50, most: 1 };
/** When to ask again; how long an export takes is for its client to say. */
const RETRY_SECONDS = 10;

/** The places for exports, each taken until its client has read it. */
@Injectable()
export class ExportPlaces {
  readonly #places = new Places({
    ...EXPORTS,
    retrySeconds: RETRY_SECONDS,
    shareRefusal: () => 'An export of the organization is under way: read it to its end, then request the next',
    refusal: 'Too many exports are being read; request this one again later',
  });

  /**
   * Takes the organization's place until the answer is over, or its client is gone.
   * @throws {DomainError} `too-many-requests` when an export of the organization is under way, `unavailable` when too
   *   many organizations have one
   */
  take(request: AuthenticatedRequest, reply: FastifyReply): void {
    const { organizationId } = request.caller;
    this.#places.takeAtOnce(organizationId);
    whenOver(request, reply, () => {
      this.#places.leave(organizationId);
    });
  }
}

import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest } from '#libs/http/request-context.js';
import { whenOver } from '#libs/http/response-end.js';
import { Places } from '#libs/platform/places.js';

/** Maximum number of concurrent exports in this process, and of one organization, which cannot fill it alone. */
export const EXPORTS = { places: 50, most: 1 };
/** Time after which to ask again. The duration of an export depends on its client. */
const RETRY_SECONDS = 10;

/** The places of exports. Each is taken until the client has read the answer. */
@Injectable()
export class ExportPlaces {
  readonly #places = new Places({
    ...EXPORTS,
    retrySeconds: RETRY_SECONDS,
    shareRefusal: () => 'An export of the organization is under way: read it to its end, then request the next',
    refusal: 'Too many exports are being read; request this one again later',
  });

  /**
   * Takes the organization's place until the answer is complete or its client disconnects.
   * @throws {DomainError} `too-many-requests` when an export of the organization is in progress, `unavailable` when too
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

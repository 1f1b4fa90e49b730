import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type Database } from '#libs/database/database.js';
import { type Replica } from '#libs/database/replica.js';
import { type AuthenticatedRequest } from './request-context.js';
import { asksForPast, isRead } from './versioned.js';

/**
 * Lets the replica answer lists, searches, histories, exports and reads of the past. The primary answers reads of an
 * entity with an ETag, because the next write may be conditional on that.
 */
export function readFromReplica(fastify: FastifyInstance, database: Database, replica: Replica): void {
  fastify.addHook('onReady', (done) => {
    replica.start();
    done();
  });
  fastify.addHook('preHandler', (request, _reply, done) => {
    const caller = tokenOf(request);
    const answersEtag = request.routeOptions.config.versioned !== undefined && !asksForPast(request);
    if (caller === undefined || !isRead(request) || answersEtag) done();
    else database.readBy(replica.reader(caller), done);
  });
  fastify.addHook('onSend', (request, _reply, payload, done) => {
    const caller = tokenOf(request);
    if (caller !== undefined && !isRead(request)) replica.wrote(caller);
    done(null, payload);
  });
}

function tokenOf(request: FastifyRequest): string | undefined {
  return (request as Partial<AuthenticatedRequest>).caller?.tokenId;
}

import { type FastifyInstance } from 'fastify';
import { DomainError } from '../domain-error.js';

/** Bodies are JSON, within the limit of size; an empty one is none, whatever its type claims. */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') {
      done(null);
      return;
    }
    void parse(request, body as string, (error, parsed) => {
      done(error && malformed(error), parsed);
    });
  });
}

function malformed(error: Error): DomainError {
  return new DomainError('invalid', `Invalid value for: body (malformed JSON: ${error.message})`);
}

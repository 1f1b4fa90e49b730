import { type FastifyInstance } from 'fastify';
import { DomainError } from '../domain-error.js';

const MAX_DEPTH = 32;

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
      if (error) done(malformed(error));
      else if (isDeeperThan(MAX_DEPTH, parsed)) done(tooDeep());
      else done(null, parsed);
    });
  });
}

function tooDeep(): DomainError {
  return new DomainError('invalid', `Invalid value for: body (nested deeper than ${MAX_DEPTH} levels)`);
}

/** Level by level, for a walk by recursion is what deep bodies break. */
function isDeeperThan(levels: number, body: unknown): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; depth <= levels; depth++) {
    level = level.flatMap((value): unknown[] => (typeof value === 'object' && value ? Object.values(value) : []));
    if (level.length === 0) return false;
  }
  return true;
}

function malformed(error: Error): DomainError {
  return new DomainError('invalid', `Invalid value for: body (malformed JSON: ${error.message})`);
}

import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { DomainError } from '#libs/platform/domain-error.js';
import { MAX_URL_LENGTH } from './limits.js';

/** Refuses URLs that are too long, or that contain NUL characters or malformed %-sequences. */
export function limitUrls(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(refusalOf(request));
  });
}

function refusalOf({ url, params }: FastifyRequest): DomainError | undefined {
  if (url.length > MAX_URL_LENGTH) {
    return new DomainError('uri-too-long', `The URL is longer than ${MAX_URL_LENGTH} characters`);
  }
  if (!url.includes('%')) return undefined;
  for (const [name, value] of Object.entries((params ?? {}) as Record<string, string>)) {
    if (value.includes('\0')) return invalid(`path parameter ${name} (must not contain NUL characters)`);
  }
  return refusalOfQuery(url.slice(url.indexOf('?') + 1));
}

/** Refuses malformed sequences in the query, which Fastify leaves as they are. */
function refusalOfQuery(query: string): DomainError | undefined {
  for (const pair of query.split('&')) {
    const [name = ''] = pair.split('=', 1);
    const text = decoded(pair);
    if (text === undefined) return invalid(`query parameter ${name} (contains a %-sequence that is not UTF-8)`);
    if (text.includes('\0')) return invalid(`query parameter ${name} (must not contain NUL characters)`);
  }
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function invalid(what: string): DomainError {
  return new DomainError('invalid', `Invalid value for: ${what}`);
}

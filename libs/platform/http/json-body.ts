import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import { DomainError } from '../domain-error.js';
import { reasonOf } from '../reason.js';
import { MAX_DEPTH, MAX_KEYS } from './limits.js';

/** Bodies are JSON in UTF-8, within the limits; an empty one is none, whatever its type claims. */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  // Refuses __proto__ and constructor.prototype, at any depth.
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) {
      done(null);
      return;
    }
    const refusal = refusalOf(request, body);
    if (refusal) {
      done(refusal);
      return;
    }
    void parse(request, body.toString(), (error, parsed) => {
      const fault = error ? faultOfJson(body.toString()) : faultOf(parsed);
      if (fault) done(invalid(fault));
      else done(null, parsed);
    });
  });
}

/** Why the bytes are not read as JSON, or undefined. */
function refusalOf({ headers }: FastifyRequest, body: Buffer): DomainError | undefined {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset) || encoding.toLowerCase() !== 'identity') {
    return new DomainError('unsupported-media-type', 'Send the body in UTF-8 and uncompressed');
  }
  return isUtf8(body) ? undefined : invalid('not UTF-8');
}

/** Why the parser has refused a text, which it does not tell. */
function faultOfJson(text: string): string {
  try {
    JSON.parse(text);
    return 'must not hold keys __proto__ or constructor.prototype';
  } catch (error) {
    return `malformed JSON: ${reasonOf(error)}`;
  }
}

/** Level by level, for a walk by recursion is what deep bodies break. */
function faultOf(body: unknown): string | undefined {
  let level: unknown[] = [body];
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const inner: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      const values = Object.values(value);
      if (!Array.isArray(value) && values.length > MAX_KEYS) return `an object with more than ${MAX_KEYS} keys`;
      for (const one of values) inner.push(one);
    }
    if (inner.length === 0) return undefined;
    level = inner;
  }
  return `nested deeper than ${MAX_DEPTH} levels`;
}

function invalid(fault: string): DomainError {
  return new DomainError('invalid', `Invalid value for: body (${fault})`);
}

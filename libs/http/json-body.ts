import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { isAscii, isUtf8 } from 'node:buffer';
import { DomainError } from '#libs/platform/domain-error.js';
import { reasonOf } from '#libs/platform/reason.js';
import { faultOfSize } from './json-size.js';

/** `application/json`, types derived from it (`application/merge-patch+json`), and its older name. */
const JSON_TYPE = /^(application\/([\w!#$&^.+-]+\+)?|text\/)json$/;
const UTF_8 = /^utf-?8$/i;
/** Character sets that contain ASCII. A body in one of them is accepted if it is plain ASCII. */
const LIKE_ASCII = /^(us-)?ascii$|^iso-?8859-\d{1,2}$|^latin-?\d$|^windows-125\d$/i;

/** Accepts only bodies of JSON in UTF-8, within the limits. An empty body counts as absent, whatever its type. */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  // Refuses __proto__ and constructor.prototype, at any depth.
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRequest', (request, _reply, done) => {
    // Fastify would refuse a malformed type before it checks for a body.
    if (request.mediaType === undefined) delete request.headers['content-type'];
    done();
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0 || request.is404) {
      done(null);
      return;
    }
    const refusal = refusalOf(request, body);
    if (refusal) {
      done(refusal);
      return;
    }
    const text = body.toString();
    void parse(request, text, (error, parsed) => {
      if (error) done(invalid(faultOfJson(text)));
      else done(null, parsed);
    });
  });
}

/** Returns why the bytes are not read as JSON, or undefined. */
function refusalOf(request: FastifyRequest, body: Buffer): DomainError | undefined {
  if (!JSON_TYPE.test(request.mediaType ?? '')) {
    return unsupported('Send the body as JSON, with the header Content-Type: application/json');
  }
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (encoding.toLowerCase() !== 'identity') return unsupported('Send the body uncompressed');
  const charset = /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(type)?.[1] ?? 'utf-8';
  if (!UTF_8.test(charset) && !(LIKE_ASCII.test(charset) && isAscii(body))) {
    return unsupported('Send the body in UTF-8');
  }
  if (!isUtf8(body)) return invalid('not UTF-8');
  const fault = faultOfSize(body);
  return fault === undefined ? undefined : invalid(fault);
}

/** Returns why the parser refused a text: its own error does not say. */
function faultOfJson(text: string): string {
  try {
    JSON.parse(text);
    return 'must not contain keys __proto__ or constructor.prototype';
  } catch (error) {
    return `malformed JSON: ${reasonOf(error)}`;
  }
}

function unsupported(message: string): DomainError {
  return new DomainError('unsupported-media-type', message);
}

function invalid(fault: string): DomainError {
  return new DomainError('invalid', `Invalid value for: body (${fault})`);
}

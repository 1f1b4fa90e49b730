import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { DomainError } from '#libs/platform/domain-error.js';

/** A request target in absolute form: its host, and the rest. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;
/** A host as in URLs, but without a user, escapes, or letters that URL parsing would change. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;
const MUST_BE_HOST = 'must be a host name or address, with or without a port';

/** Returns the request target as path and query, whichever form it was sent in. */
export function originForm({ url = '' }: { url?: string }): string {
  const [, host, rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (host === undefined) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Refuses requests that do not name exactly one host (RFC 9112, section 3.2), because links in answers contain it. The
 * host of an absolute target replaces that of the header.
 */
export function requireHosts(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const fault = faultOfHeader(request) ?? faultOfTarget(request) ?? faultOfProxy(request);
    done(fault === undefined ? undefined : new DomainError('invalid', `Invalid value for: ${fault}`));
  });
}

function faultOfHeader({ raw: { headersDistinct, httpVersion } }: FastifyRequest): string | undefined {
  // If there are several, `headers` holds only the first.
  const [host, another] = headersDistinct.host ?? [];
  if (another !== undefined) return 'header Host (must be sent once)';
  if (host === undefined) return httpVersion === '1.0' ? undefined : 'header Host (is missing)';
  return isHost(host) ? undefined : `header Host (${MUST_BE_HOST})`;
}

function faultOfTarget({ originalUrl, raw }: FastifyRequest): string | undefined {
  const host = ABSOLUTE.exec(originalUrl)?.[1];
  if (host === undefined) return undefined;
  if (!isHost(host)) return `request target (its host ${MUST_BE_HOST})`;
  raw.headers.host = host;
  return undefined;
}

/** Headers of a trusted proxy take precedence over both. */
function faultOfProxy({ host, protocol }: FastifyRequest): string | undefined {
  if (host !== '' && !isHost(host)) return `header X-Forwarded-Host (${MUST_BE_HOST})`;
  return /^https?$/.test(protocol) ? undefined : 'header X-Forwarded-Proto (must be http or https)';
}

/** The last valid host. Clients use few hosts, so most requests need no parsing. */
let lastHost: string | undefined;

function isHost(text: string): boolean {
  if (text === lastHost) return true;
  if (!HOST.test(text) || !URL.canParse(`http://${text}`)) return false;
  lastHost = text;
  return true;
}

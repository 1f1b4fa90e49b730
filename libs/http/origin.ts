import { type FastifyInstance, type FastifyRequest } from 'fastify';

/** What is known about how clients reach the server. */
interface Reached {
  /** The configured origin. */
  publicUrl?: string;
  trustedProxies: readonly string[];
  /** Receives a warning, once. */
  warn: (message: string) => void;
}

interface WithPublicUrl {
  publicUrl?: string;
}

const UNTRUSTED =
  'A request came with X-Forwarded-Proto: https, but no proxy is trusted, so URLs in answers begin with http://. Set PUBLIC_URL, or TRUSTED_PROXIES to the addresses of your proxies.';

/** Lets {@link originOf} tell the origin of each request, and warns when it will be wrong behind a proxy. */
export function nameOrigins(fastify: FastifyInstance, { publicUrl, trustedProxies, warn }: Reached): void {
  fastify.decorateRequest('publicUrl', publicUrl);
  if (publicUrl !== undefined || trustedProxies.length > 0) return;
  let warned = false;
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!warned && request.headers['x-forwarded-proto'] === 'https') {
      warned = true;
      warn(UNTRUSTED);
    }
    done();
  });
}

/** Returns the origin at which clients reach the API: the configured one, else that of the request. */
export function originOf(request: Pick<FastifyRequest, 'protocol' | 'host'>): string | undefined {
  const { publicUrl } = request as WithPublicUrl;
  if (publicUrl !== undefined) return publicUrl;
  return request.host ? `${request.protocol}://${request.host}` : undefined;
}

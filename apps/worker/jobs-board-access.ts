import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { clientNetwork } from '#libs/http/client-network.js';
import { hashApiToken, sameHash } from '#libs/organizations/token-secret.js';
import { RateLimiter } from '#libs/platform/rate-limiter.js';
import { type RateLimit } from '#libs/platform/rate-limits.js';

const CHALLENGE = 'Basic realm="Deskstream jobs board", charset="UTF-8"';
const READING = ['GET', 'HEAD'];

/**
 * Refuses requests whose HTTP Basic password is not the token, and changes sent by pages of other sites: browsers add
 * the password to these.
 * @param failures limit of wrong passwords for each client; absent: unlimited
 */
export function guardBoard(board: FastifyInstance, token: string, failures?: RateLimit): void {
  const guesses = new RateLimiter();
  const expected = hashApiToken(token);
  board.addHook('onRequest', async (request, reply) => {
    const { authorization } = request.headers;
    const network = clientNetwork(request.ip);
    const quota = failures && (await guesses.look(network, failures));
    if (quota?.exceeded) {
      reply.code(429).header('retry-after', quota.resetSeconds);
      return reply.send({ message: 'Too many wrong passwords; try again later', code: 'too-many-requests' });
    }
    if (!sameHash(hashApiToken(passwordOf(authorization)), expected)) {
      if (failures && authorization !== undefined) await guesses.take(network, failures);
      reply.code(401).header('www-authenticate', CHALLENGE);
      return reply.send({
        message: 'Give any user name, and JOBS_BOARD_TOKEN as the password',
        code: 'unauthenticated',
      });
    }
    if (!READING.includes(request.method) && isOfAnotherSite(request)) {
      return reply.code(403).send({ message: 'Only pages of the board may send changes', code: 'forbidden' });
    }
  });
}

function passwordOf(authorization = ''): string {
  const [, credentials = ''] = /^Basic +(\S+)$/i.exec(authorization) ?? [];
  const text = Buffer.from(credentials, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

function isOfAnotherSite({ headers }: FastifyRequest): boolean {
  const { 'sec-fetch-site': site = 'none', origin, host } = headers;
  if (site !== 'none' && site !== 'same-origin') return true;
  return origin !== undefined && URL.parse(origin)?.host !== host;
}

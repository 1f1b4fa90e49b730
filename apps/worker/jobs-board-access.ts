import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { clientNetwork } from '#libs/http/client-network.js';
import { hashApiToken, sameHash } from '#libs/organizations/token-secret.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { RateLimiter } from '#libs/platform/rate-limiter.js';
import { type RateLimit } from '#libs/platform/rate-limits.js';

/** How the board asks for its password. */
export const CHALLENGE = 'Basic realm="Deskstream jobs board", charset="UTF-8"';
const READING = ['GET', 'HEAD'];

/** Who may do what on the board. */
export interface BoardAccess {
  /** The password of all users. */
  token: string;
  /** Whether it may change jobs. */
  writable: boolean;
  /** Limit of wrong passwords for each client; absent: unlimited. */
  failures?: RateLimit;
}

/**
/**
 * Refuses requests whose HTTP Basic password is not the token, changes sent by pages of other sites, because browsers add
 * the password to these, and all changes unless the board is writable.
 */
export function guardBoard(board: FastifyInstance, { token, writable, failures }: BoardAccess): void {
  const guesses = new RateLimiter();
  const expected = hashApiToken(token);
  board.addHook('onRequest', async (request) => {
    const { authorization } = request.headers;
    const network = clientNetwork(request.ip);
    const quota = failures && (await guesses.look(network, failures));
    if (quota?.exceeded) {
      const { resetSeconds: retryAfterSeconds } = quota;
      throw new DomainError('too-many-requests', 'Too many wrong passwords; try again later', { retryAfterSeconds });
    }
    if (!sameHash(hashApiToken(passwordOf(authorization)), expected)) {
      if (failures && authorization !== undefined) await guesses.take(network, failures);
      throw new DomainError('unauthenticated', 'Give any user name, and JOBS_BOARD_TOKEN as the password');
    }
    if (READING.includes(request.method)) return;
    if (isOfAnotherSite(request)) throw new DomainError('forbidden', 'Only the board itself may send changes');
    if (!writable && !request.is404) {
      const message = 'The board only shows jobs. To change them, set JOBS_BOARD_WRITABLE to true.';
      throw new DomainError('method-not-allowed', message, { methods: READING });
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

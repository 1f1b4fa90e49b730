/** `burst` requests in each `burst / perSecond` seconds. */
export interface RateLimit {
  /** Requests per second in the long run. */
  perSecond: number;
  /** Requests at once; see {@link faultOfBurst}. */
  burst: number;
}

export const MAX_PER_SECOND = 1_000_000;
const MAX_WINDOW_SECONDS = 3600;

/** Why a limit cannot be counted by whole seconds, of an hour at most; or undefined. */
export function faultOfBurst({ perSecond, burst }: RateLimit): string | undefined {
  const seconds = burst / perSecond;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_WINDOW_SECONDS) return undefined;
  return `must be a multiple of the requests per second, at most ${MAX_WINDOW_SECONDS} times as many`;
}

/** What an installation allows: see the variables `RATE_LIMIT_…` in `.env.example`. */
export abstract class RateLimits {
  /** For each API token that has no limit of its own; absent: as many as they like. */
  abstract readonly perToken?: RateLimit;
  /** Tokens that are not valid, for each client; absent: as many as they like. */
  abstract readonly failures?: RateLimit;
  /** Where processes count together; absent: each on its own. */
  abstract readonly redisUrl?: string;
}

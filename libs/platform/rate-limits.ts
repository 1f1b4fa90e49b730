/** A limit of `burst` requests in each `burst / perSecond` seconds. */
export interface RateLimit {
  /** Requests per second in the long run. */
  perSecond: number;
  /** Requests at once; see {@link faultOfBurst}. */
  burst: number;
}

export const MAX_PER_SECOND = 1_000_000;
const MAX_WINDOW_SECONDS = 3600;

/** Returns why a limit cannot be counted in whole seconds, of at most an hour; or undefined. */
export function faultOfBurst({ perSecond, burst }: RateLimit): string | undefined {
  const seconds = burst / perSecond;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_WINDOW_SECONDS) return undefined;
  return `must be a multiple of the requests per second, at most ${MAX_WINDOW_SECONDS} times as many`;
}

/** The limits of an installation. `apps/config.ts` derives them from `RateLimitSettings`, which has the defaults. */
export abstract class RateLimits {
  /** Limit of each API token without its own limit; absent: unlimited. */
  abstract readonly perToken?: RateLimit;
  /** Limit of invalid tokens for each client; absent: unlimited. */
  abstract readonly failures?: RateLimit;
  /** The Redis where processes count together; absent: each on its own. */
  abstract readonly redisUrl?: string;
}

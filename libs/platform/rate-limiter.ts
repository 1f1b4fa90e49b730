import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { Outage } from './outage.js';
import { type RateLimit } from './rate-limits.js';
import { type RedisClientOptions } from './redis.js';
import { RedisLink } from './redis-link.js';

/** The remaining quota of a caller. */
export interface Quota {
  /** Whether the limit is exceeded. */
  exceeded: boolean;
  /** Seconds until the quota resets, at least 1. */
  resetSeconds: number;
  /** The header `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers. */
  policy: string;
  /** The header `RateLimit` of the same draft. */
  state: string;
}

/** Time limit of Redis, after which a process counts on its own. */
const REDIS_MS = 250;
/** A request that Redis does not count at once is counted here instead. */
const AT_ONCE: RedisClientOptions = {
  commandTimeout: REDIS_MS,
  socketTimeout: REDIS_MS,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  ofCluster: { retryDelayOnFailover: 0, retryDelayOnClusterDown: 0 },
};
/** A key for this check, which is not a token's id. */
const PROBE = 'probe';

/** The counters of one limit. */
interface Counters {
  /** For all processes; absent until Redis was reached. */
  shared?: RateLimiterAbstract;
  /** For this process alone. */
  own: RateLimiterAbstract;
}

/** Counts requests by key, in windows that begin with a key's first request. */
export class RateLimiter implements OnApplicationShutdown {
  readonly #logger = new Logger('Rate limits');
  readonly #counters = new LRUCache<string, Counters>({ max: 1_000 });
  readonly #redis: RedisLink | undefined;
  /** The outages of Redis, in which each process counts on its own. */
  readonly #outage: Outage | undefined;

  constructor(redisUrl?: string) {
    if (redisUrl === undefined) return;
    const outage = new Outage('rate_limits', {
      begins: (reason) => {
        this.#logger.warn({ reason }, 'Redis is unavailable; this process counts requests by itself');
      },
      ends: () => {
        this.#logger.log('Redis counts requests again');
      },
    });
    this.#outage = outage;
    this.#redis = new RedisLink(redisUrl, AT_ONCE, (error) => {
      outage.failed(error);
    });
  }

  /** Counts a request of `key`, even beyond the limit. Sends one message to Redis, if it counts there. */
  take(key: string, limit: RateLimit): Promise<Quota> {
    return this.#count(limit, (counter) => consumed(counter, key));
  }

  /**
   * Counts further requests for one that was admitted, even beyond the limit: later requests are then refused until the
   * excess is used up.
   */
  charge(key: string, limit: RateLimit, requests: number): Promise<Quota> {
    return this.#count(limit, (counter) => charged(counter, key, limit, requests));
  }

  /** Returns whether another request of `key` would exceed the limit in this process; counts nothing. */
  async look(key: string, limit: RateLimit): Promise<Quota> {
    const counted = await this.#countersOf(limit).own.get(key);
    return quotaOf(limit, new RateLimiterRes(0, counted?.msBeforeNext, (counted?.consumedPoints ?? 0) + 1));
  }

  /** Returns whether Redis counts requests, if it should. Sends a request to it, because there may be no traffic. */
  async works(): Promise<boolean> {
    if (this.#outage) await this.take(PROBE, { perSecond: 1, burst: 1 });
    return this.#redis === undefined || (this.#redis.client !== undefined && this.#outage?.lasts === false);
  }

  onApplicationShutdown(): void {
    this.#redis?.close();
  }

  async #count(limit: RateLimit, count: (counter: RateLimiterAbstract) => Promise<RateLimiterRes>): Promise<Quota> {
    const { shared, own } = this.#countersOf(limit);
    if (!shared) return quotaOf(limit, await count(own));
    try {
      const counted = await count(shared);
      this.#outage?.worked();
      return quotaOf(limit, counted);
    } catch (error) {
      this.#outage?.failed(error);
      return quotaOf(limit, await count(own));
    }
  }

  #countersOf({ perSecond, burst }: RateLimit): Counters {
    const name = `limit:${perSecond}:${burst}`;
    const options = { points: burst, duration: burst / perSecond };
    const counters = this.#counters.get(name) ?? { own: new RateLimiterMemory(options) };
    this.#counters.set(name, counters);
    const { client: storeClient, prefix } = this.#redis ?? {};
    // Each counter is one key, so it may be on any node of a cluster.
    counters.shared ??=
      storeClient &&
      new RateLimiterRedis({ ...options, keyPrefix: `${prefix}:${name}`, storeClient, rejectIfRedisNotReady: true });
    return counters;
  }
}

/** Returns the count with a request, whether admitted or not. */
async function consumed(limiter: RateLimiterAbstract, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key);
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal;
    throw refusal;
  }
}

/** Extends an exceeded window by the time in which the limit admits the excess. */
async function charged(
  limiter: RateLimiterAbstract,
  key: string,
  { perSecond, burst }: RateLimit,
  requests: number,
): Promise<RateLimiterRes> {
  const counted = await limiter.penalty(key, requests);
  const excess = counted.consumedPoints - burst;
  if (excess <= 0) return counted;
  return limiter.block(key, Math.ceil(counted.msBeforeNext / 1000 + excess / perSecond));
}

function quotaOf({ perSecond, burst }: RateLimit, { consumedPoints, msBeforeNext }: RateLimiterRes): Quota {
  const resetSeconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return {
    exceeded: consumedPoints > burst,
    resetSeconds,
    policy: `"default";q=${burst};w=${burst / perSecond}`,
    state: `"default";r=${Math.max(0, burst - consumedPoints)};t=${resetSeconds}`,
  };
}

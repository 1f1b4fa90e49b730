import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { type RateLimit } from './rate-limits.js';
import { reasonOf } from './reason.js';

/** What is left to a caller. */
export interface Quota {
  /** Nothing was left. */
  exceeded: boolean;
  /** Until there is more, at least 1. */
  resetSeconds: number;
  /** The header `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers. */
  policy: string;
  /** The header `RateLimit` of the same draft. */
  state: string;
}

/** How long Redis may take before a process counts on its own. */
const REDIS_MS = 250;

/** Counts requests by key, in windows that begin with a key's first request. */
export class RateLimiter implements OnApplicationShutdown {
  readonly #logger = new Logger('Rate limits');
  readonly #limiters = new LRUCache<string, RateLimiterAbstract>({ max: 1_000 });
  readonly #redis: Redis | undefined;
  #away = false;

  constructor(redisUrl?: string) {
    this.#redis = redisUrl ? this.#connect(redisUrl) : undefined;
  }

  /** Counts a request of `key`, also one that exceeds the limit. One message to Redis, if it counts there. */
  async take(key: string, limit: RateLimit): Promise<Quota> {
    const limiter = this.#limiterOf(limit);
    try {
      return quotaOf(limit, await limiter.consume(key));
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return quotaOf(limit, refusal);
      throw refusal;
    }
  }

  /** Whether another request of `key` would exceed the limit; counts nothing. */
  async look(key: string, limit: RateLimit): Promise<Quota> {
    const counted = await this.#limiterOf(limit).get(key);
    return quotaOf(limit, new RateLimiterRes(0, counted?.msBeforeNext, (counted?.consumedPoints ?? 0) + 1));
  }

  onApplicationShutdown(): void {
    this.#redis?.disconnect();
  }

  #limiterOf({ perSecond, burst }: RateLimit): RateLimiterAbstract {
    const keyPrefix = `deskstream:limit:${perSecond}:${burst}`;
    const known = this.#limiters.get(keyPrefix);
    if (known) return known;
    const options = { keyPrefix, points: burst, duration: burst / perSecond };
    const memory = new RateLimiterMemory(options);
    const limiter = this.#redis
      ? new RateLimiterRedis({
          ...options,
          storeClient: this.#redis,
          rejectIfRedisNotReady: true,
          insuranceLimiter: memory,
        })
      : memory;
    this.#limiters.set(keyPrefix, limiter);
    return limiter;
  }

  #connect(url: string): Redis {
    const options = { commandTimeout: REDIS_MS, socketTimeout: REDIS_MS, maxRetriesPerRequest: 0 };
    const redis = new Redis(url, { ...options, enableOfflineQueue: false });
    redis.on('ready', () => {
      this.#away = false;
    });
    redis.on('error', (error) => {
      if (!this.#away) this.#logger.warn({ reason: reasonOf(error) }, 'Redis is away; this process counts on its own');
      this.#away = true;
    });
    return redis;
  }
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

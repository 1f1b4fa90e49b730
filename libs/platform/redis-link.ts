import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis, type RedisClient, type RedisClientOptions } from './redis.js';
import { parseRedisUrl } from './redis-url.js';

const RETRY_MS = 1_000;

/** A connection to Redis for work that can continue without it. Connecting is retried until it succeeds once. */
export class RedisLink {
  /** What the names of all keys begin with. */
  readonly prefix: string;
  #client: RedisClient | undefined;
  readonly #closing = new AbortController();

  /** @param onError receives each failure */
  constructor(url: string, options: RedisClientOptions, onError: (error: unknown) => void) {
    this.prefix = parseRedisUrl(url).prefix;
    void this.#connect(url, options, onError);
  }

  /** Absent until Redis was reached. From then on, the client reconnects by itself. */
  get client(): RedisClient | undefined {
    return this.#client;
  }

  close(): void {
    this.#closing.abort();
    this.#client?.disconnect();
  }

  async #connect(url: string, options: RedisClientOptions, onError: (error: unknown) => void): Promise<void> {
    const { signal } = this.#closing;
    while (!this.#client && !signal.aborted) {
      try {
        this.#client = (await connectRedis(url, options)).on('error', onError);
      } catch (error) {
        onError(error);
        await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    if (signal.aborted) this.#client?.disconnect();
  }
}

/** Time for which unused tokens accumulate. */
const BURST_MS = 50;

/**
 * A token bucket that limits the attempts per second. It fills steadily, and holds the tokens of a few milliseconds,
 * but at least one.
 */
export class AttemptRate {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens = 1;
  #filledAt = performance.now();

  constructor(readonly maxPerSecond: number) {
    this.#perMs = maxPerSecond / 1000;
    this.#burst = Math.max(1, this.#perMs * BURST_MS);
  }

  /** Returns the number of attempts that may begin now. */
  available(now = performance.now()): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    return Math.floor(this.#tokens);
  }

  take(attempts: number): void {
    this.#tokens -= attempts;
  }

  /** Returns the milliseconds until the next attempt may begin. */
  wait(): number {
    return this.available() > 0 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }
}

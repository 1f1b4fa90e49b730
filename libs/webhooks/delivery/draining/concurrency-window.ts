import { PARALLEL } from './drain-statements.js';

/** Initial number of parallel attempts. */
export const FIRST_ATTEMPTS = 4;

/**
 * Limits the parallel attempts of one subscription. A receiver shows by its answers how many it can take, as in TCP's
 * slow start: twice as many once all have succeeded, half as many after each failure. A receiver that never answers
 * keeps a few connections busy, not a hundred.
 */
export class ConcurrencyWindow {
  #size = FIRST_ATTEMPTS;

  get size(): number {
    return Math.floor(this.#size);
  }

  delivered(): void {
    this.#size = Math.min(PARALLEL, this.#size + 1);
  }

  failed(): void {
    this.#size = Math.max(1, this.#size / 2);
  }
}

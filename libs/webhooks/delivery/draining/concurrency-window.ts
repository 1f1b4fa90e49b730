import { PARALLEL } from './drain-statements.js';

/** Attempts that run side by side at first. */
export const FIRST_ATTEMPTS = 4;

/**
 * How many attempts of one subscription may run side by side. A receiver shows by its answers how many it can take, as
 * in TCP's slow start: twice as many once all have been answered well, half as many for each that has failed. One that
 * never answers keeps a few connections busy, not a hundred.
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

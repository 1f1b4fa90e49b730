import { FairQueue } from './fair-queue.js';

/**
 * The event loop, as those share it who have much to compute: each asks for a turn before a piece of some milliseconds.
 * Between two pieces, whatever else waits goes on; and organizations take turns.
 */
export class Turns {
  readonly #waiting = new FairQueue<() => void>();

  /** Resolves when a piece may be computed. */
  next(organizationId: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(organizationId, resolve);
      if (this.#waiting.length === 1) this.#giveNext();
    });
  }

  #giveNext(): void {
    setImmediate(() => {
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#giveNext();
    });
  }
}

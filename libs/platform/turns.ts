import { FairQueue } from './fair-queue.js';

/**
 * The event loop, as those share it who have much to compute: each asks for a turn before a piece of some milliseconds.
 * Between two pieces, whatever else waits goes on; and organizations take turns.
 */
export class Turns {
  readonly #waiting = new FairQueue<() => void>();

  /** @param atOnce pieces that are computed without a pause: more than one where they are small */
  constructor(private readonly atOnce = 1) {}

  /** Resolves when a piece may be computed. */
  next(organizationId: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(organizationId, resolve);
      if (this.#waiting.length === 1) this.#giveNext();
    });
  }

  #giveNext(): void {
    setImmediate(() => {
      for (const begin of this.#waiting.take(this.atOnce)) begin();
      if (this.#waiting.length > 0) this.#giveNext();
    });
  }
}

/** For pieces of some milliseconds: the process has one event loop. */
export const turns = new Turns();

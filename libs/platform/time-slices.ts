import { FairQueue } from './fair-queue.js';

/**
 * Shares the event loop among long computations: each waits for a time slice before a piece of some milliseconds. Other
 * work runs between two slices. Organizations take turns.
 */
export class TimeSlices {
  readonly #waiting = new FairQueue<() => void>();

  /** @param atOnce number of pieces that are computed without a pause: more than one where they are small */
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

/** For pieces of some milliseconds; the process has one event loop. */
export const timeSlices = new TimeSlices();

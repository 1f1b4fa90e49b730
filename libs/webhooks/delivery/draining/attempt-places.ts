import { Places } from '#libs/platform/places.js';
import { Turns } from '#libs/platform/turns.js';

/** Attempts of a process that have just begun, and those of one organization. */
const BEGUN = { places: 1_000, most: 500, leavesRoom: true };
/** For how long an attempt counts as such: most receivers have answered by then. */
const BEGUN_MS = 250;
/** Attempts of a process in all, each with a connection, and those of one organization. */
export const CONNECTIONS = { places: 8_000, most: 2_000, leavesRoom: true };
/** To sign and send takes a fraction of a millisecond. */
const MADE_AT_ONCE = 8;

/**
 * The connections of a process, as organizations share them. An attempt that has not been answered soon gives the first
 * of its two places up for others: receivers that hang keep nobody else waiting.
 */
export class AttemptPlaces {
  readonly #begun = new Places(BEGUN);
  readonly #all = new Places(CONNECTIONS);
  readonly #turns = new Turns(MADE_AT_ONCE);

  /** Makes an attempt when there is room for it. */
  async with<T>(organizationId: string, attempt: () => Promise<T>): Promise<T> {
    return this.#all.with(organizationId, async () => {
      await this.#begun.take(organizationId);
      await this.#turns.next(organizationId);
      const leave = once(() => {
        this.#begun.leave(organizationId);
      });
      const timer = setTimeout(leave, BEGUN_MS);
      try {
        return await attempt();
      } finally {
        clearTimeout(timer);
        leave();
      }
    });
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

import { Places } from '#libs/platform/places.js';
import { TimeSlices } from '#libs/platform/time-slices.js';

/** Limits of a process's attempts that have just begun, in all and per organization. */
const BEGUN = { places: 1_000, most: 500, leavesRoom: true };
/** Time for which an attempt counts as just begun, in which most receivers answer. */
const BEGUN_MS = 250;
/** Limits of a process's attempts, each with a connection, in all and per organization. */
export const CONNECTIONS = { places: 8_000, most: 2_000, leavesRoom: true };
/** Number of attempts that begin without a pause. */
const MADE_AT_ONCE = 8;

/**
 * The connections of a process, shared by organizations. An attempt without an early answer frees the first of its two
 * places, so that receivers that hang do not delay others.
 */
export class AttemptPlaces {
  readonly #begun = new Places(BEGUN);
  readonly #all = new Places(CONNECTIONS);
  readonly #timeSlices = new TimeSlices(MADE_AT_ONCE);

  /** Makes an attempt when there is a free place for it. */
  async with<T>(organizationId: string, attempt: () => Promise<T>): Promise<T> {
    return this.#all.with(organizationId, async () => {
      await this.#begun.take(organizationId);
      await this.#timeSlices.next(organizationId);
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

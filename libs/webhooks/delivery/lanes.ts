import { Places } from '#libs/platform/places.js';
import { type Claim } from './drain-claims.js';
import { type DrainTarget } from './exchange.js';
import { Drain, type DrainContext } from './drain.js';

/** Subscriptions that one process drains at the same time, and those of one organization. */
const PLACES = { places: 5_000, most: 2_500, leavesRoom: true };

/** The subscriptions that this process is draining. */
export class Lanes {
  readonly #running = new Map<string, Drain>();
  readonly #ends = new Set<Promise<boolean>>();
  readonly #places = new Places(PLACES);
  readonly #context: DrainContext;

  constructor(context: Omit<DrainContext, 'crowded'>) {
    this.#context = { ...context, crowded: ({ organizationId }) => this.#places.keepsWaiting(organizationId) };
  }

  /** How many more can be drained, and the organizations of which no more can. */
  get vacancy(): Pick<Claim, 'room' | 'except'> {
    return { room: this.#context.stopping() ? 0 : this.#places.free, except: this.#places.served };
  }

  /** Tells a drain of this process that something is new; false when there is none. */
  nudge({ subscriptionId }: DrainTarget): boolean {
    const drain = this.#running.get(subscriptionId);
    drain?.nudge();
    return drain !== undefined;
  }

  /**
   * Drains a subscription, unless this process does so already. True when it has made room for others and more may be due.
   */
  async drain(target: DrainTarget): Promise<boolean> {
    if (this.nudge(target)) return false;
    const end = this.#run(target).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
    return end;
  }

  /** Resolves once no drain runs any more. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#ends);
  }

  async #run(target: DrainTarget): Promise<boolean> {
    const drain = new Drain(target, this.#context);
    this.#running.set(target.subscriptionId, drain);
    try {
      // More was claimed than there is room for: others may have it.
      if (this.#places.keepsWaiting(target.organizationId)) return await drain.giveBack();
      return await this.#places.with(target.organizationId, () => this.#drained(drain));
    } finally {
      this.#running.delete(target.subscriptionId);
    }
  }

  async #drained(drain: Drain): Promise<boolean> {
    let more = await drain.run();
    // Something came up when it had just looked for the last time.
    while (!more && drain.nudged && !this.#context.stopping()) more = await drain.run();
    return more;
  }
}

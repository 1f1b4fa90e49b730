import { Places } from '#libs/platform/places.js';
import { type Claim } from './drain-claims.js';
import { type DrainTarget } from './drain-statements.js';
import { Drain, type DrainContext } from './drain.js';

/** Limits of the subscriptions that one process drains, in all and per organization. */
const PLACES = { places: 5_000, most: 2_500, leavesRoom: true };

/** The subscriptions that this process is draining. */
export class RunningDrains {
  readonly #running = new Map<string, { drain: Drain; end: Promise<boolean> }>();
  readonly #places = new Places(PLACES);
  readonly #context: DrainContext;

  constructor(context: Omit<DrainContext, 'crowded'>) {
    this.#context = { ...context, crowded: ({ organizationId }) => this.#places.keepsWaiting(organizationId) };
  }

  /** The number of free places, and the organizations that cannot take any. */
  get vacancy(): Pick<Claim, 'room' | 'except'> {
    return { room: this.#context.stopping() ? 0 : this.#places.free, except: this.#places.served };
  }

  /** Nudges this process's drain of a subscription; returns false when there is none. */
  nudge({ subscriptionId }: DrainTarget): boolean {
    const running = this.#running.get(subscriptionId);
    running?.drain.nudge();
    return running !== undefined;
  }

  /**
   * Drains a subscription whose lease has been claimed. Returns true when it made room for others and more may be due.
   *
   * A drain of it that still runs here has just released the lease, or has lost it. It either continues with the new
   * lease, or the next drain begins when it has ended.
   */
  async drain(target: DrainTarget): Promise<boolean> {
    const { subscriptionId } = target;
    while (this.nudge(target)) await this.#running.get(subscriptionId)?.end.catch(() => undefined);
    const drain = new Drain(target, this.#context);
    const end = this.#run(target, drain).finally(() => this.#running.delete(subscriptionId));
    this.#running.set(subscriptionId, { drain, end });
    return end;
  }

  /** Resolves once no drain runs any more, and none that waited for another begins. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.allSettled([...this.#running.values()].map(({ end }) => end));
    }
  }

  async #run(target: DrainTarget, drain: Drain): Promise<boolean> {
    // More was claimed than there are free places: other processes may take it.
    if (this.#places.keepsWaiting(target.organizationId)) return drain.giveBack();
    return this.#places.with(target.organizationId, () => this.#drained(drain));
  }

  async #drained(drain: Drain): Promise<boolean> {
    let more = await drain.run();
    // Deliveries became due after its last exchange.
    while (!more && drain.nudged && !this.#context.stopping()) more = await drain.run();
    return more;
  }
}

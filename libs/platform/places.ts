import { DomainError } from './domain-error.js';
import { FairQueue } from './fair-queue.js';

/** The number of places, and how they are shared. */
export interface PlacesOptions {
  places: number;
  /** Maximum number of places of one organization, which leaves some to others; all unless given. */
  most?: number;
  /**
   * Whether one organization may take no more places than are left, so that some are left for the next organization.
   */
  leavesRoom?: boolean;
  /** Maximum wait for a place, in milliseconds; unlimited unless given. */
  withinMs?: number;
  /** Message for callers that waited too long, or found no place at once. */
  refusal?: string;
  /** Returns the message for an organization that has its share already. */
  shareRefusal?: (taken: number) => string;
  /** Seconds after which refused callers may retry; 1 unless given. */
  retrySeconds?: number;
}

interface Waiting {
  enter: () => void;
  gaveUp: boolean;
}

/**
 * A scarce resource that organizations share, such as connections. Callers wait while all places are taken. Waiting
 * organizations take turns, so that requests of one do not delay the others.
 */
export class Places {
  readonly #waiting = new FairQueue<Waiting>();
  readonly #taken = new Map<string, number>();
  readonly #most: number;
  #free: number;
  #waitingNow = 0;

  constructor(private readonly options: PlacesOptions) {
    this.#free = options.places;
    this.#most = options.most ?? options.places;
  }

  /** The number of free places. */
  get free(): number {
    return this.#free;
  }

  /** The number of callers that wait for a place. */
  get waiting(): number {
    return this.#waitingNow;
  }

  /** The organizations that cannot take another place. */
  get served(): string[] {
    return [...this.#taken.keys()].filter((organizationId) => !this.#mayTake(organizationId));
  }

  /** Returns whether an organization has to wait now. */
  keepsWaiting(organizationId: string): boolean {
    return this.#free === 0 || !this.#mayTake(organizationId);
  }

  /** Runs work in a place. @throws {DomainError} `unavailable` when there is none in time */
  async with<T>(organizationId: string, work: () => Promise<T>): Promise<T> {
    await this.take(organizationId);
    try {
      return await work();
    } finally {
      this.leave(organizationId);
    }
  }

  /** Resolves once a place is taken, which {@link leave} gives back. */
  take(organizationId: string): Promise<void> {
    if (this.keepsWaiting(organizationId)) return this.#wait(organizationId);
    this.#enter(organizationId);
    return Promise.resolve();
  }

  /**
   * Takes a place at once, which {@link leave} gives back.
   * @throws {DomainError} `too-many-requests` when the organization has its share, `unavailable` when no place is left
   */
  takeAtOnce(organizationId: string): void {
    const { refusal = BUSY, shareRefusal = () => refusal } = this.options;
    if (this.#hasItsShare(organizationId)) {
      throw this.#refusal('too-many-requests', shareRefusal(this.#takenBy(organizationId)));
    }
    if (this.#free === 0) throw this.#refusal('unavailable', refusal);
    this.#enter(organizationId);
  }

  leave(organizationId: string): void {
    this.#free++;
    const left = this.#takenBy(organizationId) - 1;
    if (left > 0) this.#taken.set(organizationId, left);
    else this.#taken.delete(organizationId);
    this.#admit();
  }

  #wait(organizationId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const { withinMs, refusal = BUSY } = this.options;
      const waiting: Waiting = { enter: resolve, gaveUp: false };
      this.#waiting.push(organizationId, waiting);
      this.#waitingNow++;
      if (withinMs === undefined) return;
      const timer = setTimeout(() => {
        waiting.gaveUp = true;
        this.#waitingNow--;
        reject(this.#refusal('unavailable', refusal));
      }, withinMs);
      waiting.enter = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Skips callers that gave up. */
  #admit(): void {
    while (this.#free > 0) {
      let owner = '';
      const next = this.#waiting.shift((organizationId) => {
        owner = organizationId;
        return this.#mayTake(organizationId);
      });
      if (!next) return;
      if (next.gaveUp) continue;
      this.#enter(owner);
      this.#waitingNow--;
      next.enter();
    }
  }

  #enter(organizationId: string): void {
    this.#free--;
    this.#taken.set(organizationId, this.#takenBy(organizationId) + 1);
  }

  /** Returns whether an organization has its share; never without a place. */
  #hasItsShare(organizationId: string): boolean {
    return this.#takenBy(organizationId) > 0 && !this.#mayTake(organizationId);
  }

  #mayTake(organizationId: string): boolean {
    const taken = this.#takenBy(organizationId);
    return taken < this.#most && (!this.options.leavesRoom || taken < this.#free);
  }

  #takenBy(organizationId: string): number {
    return this.#taken.get(organizationId) ?? 0;
  }

  #refusal(kind: 'too-many-requests' | 'unavailable', message: string): DomainError {
    return new DomainError(kind, message, { retryAfterSeconds: this.options.retrySeconds ?? 1 });
  }
}

const BUSY = 'The server is busy; send the request again';

import { DomainError } from './domain-error.js';
import { FairQueue } from './fair-queue.js';

/** How many places there are, and how they are shared. */
export interface PlacesOptions {
  places: number;
  /** Places that one organization has at most, so that there is always one for others; all of them unless given. */
  most?: number;
  /**
   * Whether one organization has no more places than are left: however many of them take all that they can, the next
   * finds some.
   */
  leavesRoom?: boolean;
  /** How long one waits for a place, in milliseconds; as long as it takes unless given. */
  withinMs?: number;
  /** What those are told who have waited too long, or have found no place at once. */
  refusal?: string;
  /** What an organization is told that has its share already, of so many places. */
  shareRefusal?: (taken: number) => string;
  /** When those who are refused may come again, in seconds; 1 unless given. */
  retrySeconds?: number;
}

interface Waiting {
  enter: () => void;
  gaveUp: boolean;
}

/**
 * Something scarce that organizations share, such as connections. Who comes while all places are taken waits, and those
 * who wait take turns by organization: what one of them has asked for keeps none of the others waiting.
 */
export class Places {
  readonly #waiting = new FairQueue<Waiting>();
  readonly #taken = new Map<string, number>();
  readonly #most: number;
  #free: number;

  constructor(private readonly options: PlacesOptions) {
    this.#free = options.places;
    this.#most = options.most ?? options.places;
  }

  /** How many places nobody has taken. */
  get free(): number {
    return this.#free;
  }

  /** Organizations that have all the places that one may have. */
  get served(): string[] {
    return [...this.#taken.keys()].filter((organizationId) => !this.#mayTake(organizationId));
  }

  /** Whether an organization that comes now has to wait. */
  keepsWaiting(organizationId: string): boolean {
    return this.#free === 0 || !this.#mayTake(organizationId);
  }

  /** Does work in a place. @throws {DomainError} `unavailable` when there is none in time */
  async with<T>(organizationId: string, work: () => Promise<T>): Promise<T> {
    await this.take(organizationId);
    try {
      return await work();
    } finally {
      this.leave(organizationId);
    }
  }

  /** Resolves once there is a place, which {@link leave} gives back. */
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
      if (withinMs === undefined) return;
      const timer = setTimeout(() => {
        waiting.gaveUp = true;
        reject(this.#refusal('unavailable', refusal));
      }, withinMs);
      waiting.enter = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Who has given up is passed over. */
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
      next.enter();
    }
  }

  #enter(organizationId: string): void {
    this.#free--;
    this.#taken.set(organizationId, this.#takenBy(organizationId) + 1);
  }

  /** Of one that has none, nobody says that it has taken too many. */
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

const BUSY = 'The server has too much to do at this moment; send the request again';

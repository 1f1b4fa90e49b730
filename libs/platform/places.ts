import { DomainError } from './domain-error.js';
import { FairQueue } from './fair-queue.js';

/** How many places there are, and how they are shared. */
export interface PlacesOptions {
  places: number;
  /** Places that one organization has at most, so that there is always one for others; all of them unless given. */
  most?: number;
  /** How long one waits for a place, in milliseconds; as long as it takes unless given. */
  withinMs?: number;
  /** What those are told who have waited too long. */
  refusal?: string;
}

interface Waiting {
  enter: () => void;
  gaveUp: boolean;
}

const RETRY_SECONDS = 1;

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

  leave(organizationId: string): void {
    this.#free++;
    const left = (this.#taken.get(organizationId) as number) - 1;
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
        reject(new DomainError('unavailable', refusal, { retryAfterSeconds: RETRY_SECONDS }));
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
    this.#taken.set(organizationId, (this.#taken.get(organizationId) ?? 0) + 1);
  }

  #mayTake(organizationId: string): boolean {
    return (this.#taken.get(organizationId) ?? 0) < this.#most;
  }
}

const BUSY = 'The server has too much to do at this moment; send the request again';

import { type Checkpoints, type Leadership } from '#libs/event-store/checkpoint.js';

/** Maximum number of partitions in a page, which share round trips and a transaction. */
const TOGETHER = 16;
/** Maximum number of parallel pages of a process, each of different partitions. */
const SIDE_BY_SIDE = 2;

/** Processes a page of some partitions. Returns the partitions that have more. */
type Page = (leaderships: Leadership[]) => Promise<number[]>;

/**
 * Schedules work on a process's partitions: pages of partitions with new events, and tasks in one partition. A
 * partition has only one of these at a time.
 */
export class PartitionScheduler {
  /** Partitions with new events, in the order of their turns. */
  readonly #news = new Set<number>();
  readonly #busy = new Set<number>();
  readonly #pages = new Set<Promise<void>>();
  /** Partitions whose page failed with others, and has not succeeded since. */
  readonly #apart = new Set<number>();
  /** Partitions reserved for a task. */
  readonly #reserved = new Set<number>();
  #stopping = false;

  /** @param onFailed called with the error of a failed page */
  constructor(
    private readonly checkpoints: Checkpoints,
    private readonly page: Page,
    private readonly onFailed: (error: unknown) => void,
  ) {}

  /** Partitions with work under way. */
  get busy(): ReadonlySet<number> {
    return this.#busy;
  }

  /** Whether a task, or partitions with new events, wait for the pages under way. */
  get areWaitedFor(): boolean {
    return this.#reserved.size > 0 || this.#next().length > 0;
  }

  /** Records that some partitions may have new events. */
  add(partitions: number[]): void {
    for (const partition of partitions) this.#news.add(partition);
  }

  /** Begins pages of the partitions whose turn it is; when one is over, the next begins. */
  begin(): void {
    while (!this.#stopping && this.#pages.size < SIDE_BY_SIDE) {
      const partitions = this.#next();
      if (partitions.length === 0) return;
      const page = this.#make(partitions).finally(() => {
        this.#pages.delete(page);
        this.begin();
      });
      this.#pages.add(page);
    }
  }

  /** Runs work in a partition after its current page; returns false when this process does not lead it. */
  async reserve(partition: number, work: (leadership: Leadership) => Promise<void>): Promise<boolean> {
    this.#reserved.add(partition);
    try {
      while (this.#busy.has(partition)) await Promise.race(this.#pages);
      return await this.#in([partition], ([leadership]) => work(leadership as Leadership));
    } finally {
      this.#reserved.delete(partition);
    }
  }

  /** Waits for the current pages; begins no others. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#pages);
  }

  /** Returns the next partitions. One whose page failed with others gets a page of its own. */
  #next(): number[] {
    const free = [...this.#news].filter((partition) => this.#isFree(partition));
    const [first] = free;
    if (first !== undefined && this.#apart.has(first)) return [first];
    return free.filter((partition) => !this.#apart.has(partition)).slice(0, TOGETHER);
  }

  #isFree(partition: number): boolean {
    return (
      this.checkpoints.leadershipOf(partition) !== undefined &&
      !this.#busy.has(partition) &&
      !this.#reserved.has(partition) &&
      !this.checkpoints.isSettling(partition)
    );
  }

  async #make(partitions: number[]): Promise<void> {
    for (const partition of partitions) this.#news.delete(partition);
    try {
      await this.#in(partitions, async (leaderships) => {
        this.add(await this.page(leaderships));
      });
      for (const partition of partitions) this.#apart.delete(partition);
    } catch (error) {
      if (partitions.length > 1) for (const partition of partitions) this.#apart.add(partition);
      this.onFailed(error);
    }
  }

  /** Returns false when this process does not lead all of them. */
  async #in(partitions: number[], work: (leaderships: Leadership[]) => Promise<void>): Promise<boolean> {
    const leaderships = partitions.flatMap((partition) => this.checkpoints.leadershipOf(partition) ?? []);
    if (leaderships.length < partitions.length) return false;
    for (const partition of partitions) this.#busy.add(partition);
    try {
      await work(leaderships);
      return true;
    } catch (error) {
      // The positions that this process knows may not have been stored.
      for (const partition of partitions) this.checkpoints.forget(partition);
      throw error;
    } finally {
      for (const partition of partitions) this.#busy.delete(partition);
    }
  }
}

import { type Checkpoints, type Leadership } from '#libs/event-store/checkpoint.js';

/** Partitions that are read together: they share round trips and a transaction. */
const TOGETHER = 16;
/** Pages that a process works on at the same time, each of other partitions. */
const SIDE_BY_SIDE = 2;

/** What is done with a page of some partitions. Answers the partitions of which there is more. */
type Page = (leaderships: Leadership[]) => Promise<number[]>;

/**
 * Which of its partitions a process works on, and when: those that have news, page by page, and one whose tasks have their
 * turn. Nothing else is done in a partition meanwhile.
 */
export class PartitionTurns {
  /** In the order of their turns. */
  readonly #news = new Set<number>();
  readonly #busy = new Set<number>();
  readonly #pages = new Set<Promise<void>>();
  /** Partitions whose page has failed, and has not gone well since. */
  readonly #apart = new Set<number>();
  /** Whose next turn is a task's. */
  readonly #reserved = new Set<number>();
  #stopping = false;

  /** @param onFailed told why a page has failed */
  constructor(
    private readonly checkpoints: Checkpoints,
    private readonly page: Page,
    private readonly onFailed: (error: unknown) => void,
  ) {}

  /** Partitions that something is being done in. */
  get busy(): ReadonlySet<number> {
    return this.#busy;
  }

  /** Whether a task, or partitions that have news, could be worked on, were there not pages under way. */
  get areWaitedFor(): boolean {
    return this.#reserved.size > 0 || this.#next().length > 0;
  }

  /** There may be something new in some partitions. */
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

  /** Does something in a partition once the page at hand is over; false when this process does not lead it. */
  async reserve(partition: number, work: (leadership: Leadership) => Promise<void>): Promise<boolean> {
    this.#reserved.add(partition);
    try {
      while (this.#busy.has(partition)) await Promise.race(this.#pages);
      return await this.#in([partition], ([leadership]) => work(leadership as Leadership));
    } finally {
      this.#reserved.delete(partition);
    }
  }

  /** Waits for the pages at hand; begins no other. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#pages);
  }

  /** One whose page has failed among others goes on by itself, so that those do not fail along with it again. */
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

  /** False when this process does not lead all of them. */
  async #in(partitions: number[], work: (leaderships: Leadership[]) => Promise<void>): Promise<boolean> {
    const leaderships = partitions.flatMap((partition) => this.checkpoints.leadershipOf(partition) ?? []);
    if (leaderships.length < partitions.length) return false;
    for (const partition of partitions) this.#busy.add(partition);
    try {
      await work(leaderships);
      return true;
    } catch (error) {
      // What this process holds to be its positions may not have been stored.
      for (const partition of partitions) this.checkpoints.forget(partition);
      throw error;
    } finally {
      for (const partition of partitions) this.#busy.delete(partition);
    }
  }
}

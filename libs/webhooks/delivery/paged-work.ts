import { Logger } from '@nestjs/common';
import { type Statement } from '#libs/database/batch.js';
import { isFenced } from '#libs/event-store/checkpoint.js';
import { partitionOf } from '#libs/event-store/partitions.js';

/** Pause between searches for open tasks while there are none, and after a failure. */
const [LOOK_MS, FAILURE_PAUSE_MS] = [1_000, 30_000];

/** Returns a statement that fails when another process leads the partition. */
export type Fence = () => Statement;

/** Runs work in a partition that this process leads, with no other work there; returns false if not possible now. */
export type InPartition = (partition: number, work: (fence: Fence) => Promise<void>) => Promise<boolean>;

/** Tasks that the leader of an organization's partition processes page by page, between the pages of new events. */
export abstract class PagedWork<Task extends { organization_id: string }> {
  readonly #logger = new Logger(this.constructor.name);
  #lookAt = 0;
  #busy = false;

  /** @param failure the log message when a page fails */
  constructor(private readonly failure: string) {}

  /** Returns one of the open tasks in some partitions, at random, so that a long one does not delay others. */
  protected abstract open(partitions: number[]): Promise<Task | undefined>;

  /** Processes the next page of a task. */
  protected abstract goOn(task: Task, fence: Fence): Promise<void>;

  /** Processes one page of an open task; returns false when there is none. A failure pauses only these tasks. */
  async page(partitions: number[], inPartition: InPartition): Promise<boolean> {
    const now = performance.now();
    if (!this.#busy && now < this.#lookAt) return false;
    this.#lookAt = now + LOOK_MS;
    try {
      const task = await this.open(partitions);
      const goOn = (fence: Fence) => this.goOn(task as Task, fence);
      this.#busy = task !== undefined && (await inPartition(partitionOf(task.organization_id), goOn));
    } catch (error) {
      this.#busy = false;
      if (isFenced(error)) throw error;
      this.#lookAt = now + FAILURE_PAUSE_MS;
      this.#logger.warn(
        { err: error as Error },
        `${this.failure}; the next try is in ${FAILURE_PAUSE_MS / 1_000} seconds`,
      );
    }
    return this.#busy;
  }
}

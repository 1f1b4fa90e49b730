import { Logger } from '@nestjs/common';
import { isFenced } from '#libs/event-store/checkpoint.js';
import { type Statement } from '#libs/platform/batch.js';

/** How often open tasks are looked for while there is none; and for how long one that fails is left alone. */
const [LOOK_MS, FAILURE_PAUSE_MS] = [1_000, 30_000];

/** Makes a statement that fails when somebody else leads. */
export type Fence = () => Statement;

/** Tasks that the relay's leader does page by page, between the pages of new events. */
export abstract class PagedWork<Task> {
  readonly #logger = new Logger(this.constructor.name);
  #lookAt = 0;
  #busy = false;

  /** @param failure what the log says when a page fails */
  constructor(private readonly failure: string) {}

  /** One of the open tasks, chosen at random, so that a long one does not keep others waiting. */
  protected abstract open(): Promise<Task | undefined>;

  /** Does the next page of a task. */
  protected abstract goOn(task: Task, fence: Fence): Promise<void>;

  /** Does one page of one of the open tasks; false when there is none. A task that fails keeps nothing else waiting. */
  async page(fence: Fence): Promise<boolean> {
    const now = performance.now();
    if (!this.#busy && now < this.#lookAt) return false;
    this.#lookAt = now + LOOK_MS;
    try {
      const task = await this.open();
      this.#busy = task !== undefined;
      if (task) await this.goOn(task, fence);
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

import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';

/** Does something again and again, one run after the other. A run that fails is logged, and the next tries again. */
export class Periodic {
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /**
   * @param name for the log
   * @param everyMs pause between the end of a run and the next
   */
  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {
    this.#logger = new Logger(name);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Waits for a run that is under way; begins no other. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.work();
      } catch (error) {
        this.#logger.warn({ err: error as Error }, `${this.name} failed; it goes on in a moment`);
      }
      await pause(this.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

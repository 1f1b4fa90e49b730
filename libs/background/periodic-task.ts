import { setTimeout as pause } from 'node:timers/promises';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

/**
 * A provider that runs periodically, from the start of the application until it shuts down. Runs do not overlap. A
 * failed run is logged, and the next one tries again.
 */
export abstract class PeriodicTask implements OnApplicationBootstrap, OnApplicationShutdown {
  protected readonly logger: Logger;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /**
   * @param name name in the log
   * @param everyMs pause between the end of a run and the next
   */
  constructor(
    private readonly name: string,
    private readonly everyMs: number,
  ) {
    this.logger = new Logger(name);
  }

  abstract run(): Promise<void>;

  /** Whether the application is shutting down: a run then ends as soon as it can. */
  protected get stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  onApplicationBootstrap(): void {
    this.#running = this.#repeat();
  }

  /** Waits for the current run, and starts no other. */
  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #repeat(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.run();
      } catch (error) {
        this.logger.warn({ err: error as Error }, `${this.name} failed; it is retried`);
      }
      await pause(this.everyMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

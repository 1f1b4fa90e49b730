import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { WorkerDatabase } from './database.js';
import { dropOldKeys } from './idempotency-keys.js';
import { Periodic } from './periodic.js';

const EVERY_MS = 10 * 60 * 1000;

/** Drops requests under an Idempotency-Key that are not recognized any more. Any number of workers may do so at once. */
@Injectable()
export class IdempotencyRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #periodic = new Periodic('Retention of idempotency keys', EVERY_MS, () => this.run());
  #stopping = false;

  constructor(private readonly database: WorkerDatabase) {}

  onApplicationBootstrap(): void {
    this.#periodic.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.#periodic.stop();
  }

  /** Drops all that is due, in batches. */
  async run(): Promise<void> {
    while (!this.#stopping && (await dropOldKeys(this.database)));
  }
}

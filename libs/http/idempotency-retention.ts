import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '#libs/background/periodic-task.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { dropOldKeys } from './idempotency-keys.js';

const EVERY_MS = 10 * 60 * 1000;

/** Deletes expired requests under an Idempotency-Key. Several workers may do so at once. */
@Injectable()
export class IdempotencyRetention extends PeriodicTask {
  constructor(private readonly database: WorkerDatabase) {
    super('Retention of idempotency keys', EVERY_MS);
  }

  /** Deletes all expired requests, in batches. */
  async run(): Promise<void> {
    while (!this.stopping && (await dropOldKeys(this.database)));
  }
}

import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { PartitionSweeper } from '#libs/platform/partition-sweeper.js';
import { Database, WorkerDatabase } from '#libs/platform/database.js';
import { executeReopening } from './reopening.js';

/** How late a conversation opens again at most, where not many are due. */
const LOOK_EVERY_MS = 2_000;

/** Opens conversations again that were set aside until now. */
@Injectable()
export class FollowUps implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #sweeper: PartitionSweeper<{ id: number }>;

  constructor(store: EventStore, app: Database, database: WorkerDatabase, checkpoints: Checkpoints) {
    this.#sweeper = new PartitionSweeper(database, checkpoints, {
      ...{ name: 'Follow-ups', table: 'conversations', columns: 'id', everyMs: LOOK_EVERY_MS },
      ...{ due: 'pending_until <= now()', since: 'pending_until' },
      work: async ({ organizationId, id }) => {
        // Of nobody's doing: the organization itself.
        const context = { organizationId, actorId: organizationId };
        await executeReopening(store, app, context, { type: 'ExpirePending', id, now: new Date().toISOString() });
      },
    });
  }

  onApplicationBootstrap(): void {
    this.#sweeper.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sweeper.stop();
  }
}

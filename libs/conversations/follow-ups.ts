import { Injectable } from '@nestjs/common';
import { PartitionSweeper } from '#libs/background/partition-sweeper.js';
import { Database, WorkerDatabase } from '#libs/database/database.js';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { executeReopening } from './reopening.published.js';

/** Maximum delay before a due conversation opens again, unless many are due. */
const LOOK_EVERY_MS = 2_000;

/** Reopens conversations whose follow-up time has come. */
@Injectable()
export class FollowUps extends PartitionSweeper<{ id: number }> {
  constructor(store: EventStore, app: Database, database: WorkerDatabase, checkpoints: Checkpoints) {
    super(database, checkpoints, {
      name: 'Follow-ups',
      table: 'conversations',
      columns: 'id',
      everyMs: LOOK_EVERY_MS,
      due: 'pending_until <= now()',
      since: 'pending_until',
      work: async ({ organizationId, id }) => {
        // No person acts here, so the organization is the actor.
        const context = { organizationId, actorId: organizationId };
        await executeReopening(store, app, context, { type: 'ExpirePending', id, now: new Date().toISOString() });
      },
    });
  }
}

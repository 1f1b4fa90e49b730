import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { PartitionSweeper } from '#libs/platform/partition-sweeper.js';
import { WorkerDatabase } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { PresenceTimeout } from './presence.js';
import { PresenceRecorder } from './presence-recorder.js';

/** Within these bounds, a thirtieth of the timeout passes from sweep to sweep. */
const [SHORTEST_MS, LONGEST_MS] = [1_000, 60_000];

/**
 * Records that agents whose heartbeats have stopped are offline. Readers see it anyhow; this is for those who follow
 * events.
 */
@Injectable()
export class PresenceSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #sweeper: PartitionSweeper<{ agentId: string }>;

  constructor(
    database: WorkerDatabase,
    checkpoints: Checkpoints,
    recorder: PresenceRecorder,
    timeout: PresenceTimeout,
  ) {
    this.#sweeper = new PartitionSweeper(database, checkpoints, {
      ...{ name: 'Presence sweep', table: 'agent_presence', columns: 'agent_id AS "agentId"' },
      everyMs: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (timeout.seconds * 1000) / 30)),
      due: `connection_status = 'Online' AND last_seen <= $3 AND EXISTS (
        SELECT FROM agents a WHERE a.organization_id = t.organization_id AND a.id = t.agent_id)`,
      value: () => new Date(Date.now() - timeout.seconds * 1000),
      since: 'last_seen',
      work: async ({ organizationId, agentId }) => {
        try {
          await recorder.record({ organizationId, actorId: agentId }, { type: 'ExpirePresence', agentId });
        } catch (error) {
          // Removed meanwhile, or others are changing it: the next sweep sees what is left to do.
          if (!(error instanceof DomainError && ['not-found', 'conflict'].includes(error.kind))) throw error;
        }
      },
    });
  }

  onApplicationBootstrap(): void {
    this.#sweeper.start();
  }

  /** Finishes the agents at hand. */
  async onApplicationShutdown(): Promise<void> {
    await this.#sweeper.stop();
  }
}

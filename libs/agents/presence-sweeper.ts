import { Injectable } from '@nestjs/common';
import { PartitionSweeper } from '#libs/background/partition-sweeper.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { Checkpoints } from '#libs/event-store/checkpoint.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { PresenceRecorder } from './presence-recorder.js';
import { PresenceTimeout } from './presence.rules.js';

/** Bounds of the time between sweeps, which is a thirtieth of the timeout. */
const [SHORTEST_MS, LONGEST_MS] = [1_000, 60_000];

/**
 * Records that agents whose heartbeats have stopped are offline. Reads show it without this; subscribers to events need
 * it.
 */
@Injectable()
export class PresenceSweeper extends PartitionSweeper<{ agentId: string }> {
  constructor(
    database: WorkerDatabase,
    checkpoints: Checkpoints,
    recorder: PresenceRecorder,
    timeout: PresenceTimeout,
  ) {
    super(database, checkpoints, {
      name: 'Presence sweep',
      table: 'agent_presence',
      columns: 'agent_id AS "agentId"',
      everyMs: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (timeout.seconds * 1000) / 30)),
      due: `connection_status = 'Online' AND last_seen <= $3 AND EXISTS (
        SELECT FROM agents a WHERE a.organization_id = t.organization_id AND a.id = t.agent_id)`,
      value: () => new Date(Date.now() - timeout.seconds * 1000),
      since: 'last_seen',
      work: async ({ organizationId, agentId }) => {
        try {
          await recorder.record({ organizationId, actorId: agentId }, { type: 'ExpirePresence', agentId });
        } catch (error) {
          // The agent was removed or is being changed by another request: the next sweep handles the rest.
          if (!(error instanceof DomainError && ['not-found', 'conflict'].includes(error.kind))) throw error;
        }
      },
    });
  }
}

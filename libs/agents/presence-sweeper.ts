import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { WorkerDatabase } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { Periodic } from '#libs/platform/periodic.js';
import { PresenceTimeout } from './presence.js';
import { PresenceRecorder } from './presence-recorder.js';

/** Agents that one sweep looks at. */
const PAGE = 500;
/** Within these bounds, a thirtieth of the timeout passes from sweep to sweep. */
const [SHORTEST_MS, LONGEST_MS] = [1_000, 60_000];

interface Overdue {
  organizationId: string;
  agentId: string;
}

/**
 * Records that agents whose heartbeats have stopped are offline. Readers see it anyhow; this is for those who follow
 * events. Any number of workers may sweep at once: whoever comes second finds nothing to record.
 */
@Injectable()
export class PresenceSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Presence');
  readonly #periodic: Periodic;
  #stopping = false;

  constructor(
    private readonly database: WorkerDatabase,
    private readonly recorder: PresenceRecorder,
    private readonly timeout: PresenceTimeout,
  ) {
    const everyMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (timeout.seconds * 1000) / 30));
    this.#periodic = new Periodic('Presence sweep', everyMs, () => this.#sweep());
  }

  onApplicationBootstrap(): void {
    this.#periodic.start();
  }

  /** Finishes the agent at hand. */
  async onApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.#periodic.stop();
  }

  async #sweep(): Promise<void> {
    for (const agent of await this.#overdue()) {
      if (this.#stopping) return;
      await this.#expire(agent);
    }
  }

  #overdue(): Promise<Overdue[]> {
    return this.database.query<Overdue>(null, {
      text: `SELECT organization_id AS "organizationId", agent_id AS "agentId" FROM agent_presence p
             WHERE connection_status = 'Online' AND last_seen <= $1 AND EXISTS (
               SELECT FROM agents a WHERE a.organization_id = p.organization_id AND a.id = p.agent_id)
             ORDER BY last_seen LIMIT ${PAGE}`,
      values: [new Date(Date.now() - this.timeout.seconds * 1000)],
    });
  }

  async #expire({ organizationId, agentId }: Overdue): Promise<void> {
    try {
      await this.recorder.record({ organizationId, actorId: agentId }, { type: 'ExpirePresence', agentId });
    } catch (error) {
      // Removed meanwhile, or others are changing it: the next sweep sees what is left to do. None keeps others waiting.
      const expected = error instanceof DomainError && ['not-found', 'conflict'].includes(error.kind);
      if (!expected) this.#logger.warn({ err: error as Error, agentId }, 'An agent could not be taken offline yet');
    }
  }
}

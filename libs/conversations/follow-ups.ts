import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { EventStore } from '#libs/event-store/event-store.js';
import { Database, WorkerDatabase } from '#libs/platform/database.js';
import { Periodic } from '#libs/platform/periodic.js';
import { executeReopening } from './reopening.js';

/** How late a conversation opens again at most, where not many are due. */
const LOOK_EVERY_MS = 2_000;
const AT_ONCE = 100;

interface Due {
  organization_id: string;
  id: number;
}

/** Opens conversations again that were set aside until now. Any number of workers may do so at once. */
@Injectable()
export class FollowUps implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Follow-ups');
  readonly #periodic = new Periodic('Follow-ups', LOOK_EVERY_MS, () => this.#expire());

  constructor(
    private readonly store: EventStore,
    private readonly app: Database,
    private readonly database: WorkerDatabase,
  ) {}

  onApplicationBootstrap(): void {
    this.#periodic.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#periodic.stop();
  }

  async #expire(): Promise<void> {
    const due = await this.database.query<Due>(null, {
      text: 'SELECT organization_id, id FROM conversations WHERE pending_until <= now() ORDER BY pending_until LIMIT $1',
      values: [AT_ONCE],
    });
    for (const { organization_id, id } of due) {
      const command = { type: 'ExpirePending', id, now: new Date().toISOString() } as const;
      // Of nobody's doing: the organization itself.
      const context = { organizationId: organization_id, actorId: organization_id };
      // One that cannot be opened keeps no other waiting.
      await executeReopening(this.store, this.app, context, command).catch((error: unknown) => {
        this.#logger.warn({ err: error, conversationId: id }, 'A conversation that is due could not be opened yet');
      });
    }
  }
}

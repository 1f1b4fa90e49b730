import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { queueIsEmpty } from '#libs/conversations/conversation.published.js';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { staged } from '#libs/event-store/staged.js';
import { accepted, DomainError } from '#libs/platform/domain-error.js';
import { DeleteQueue } from '#libs/queues/queue.published.js';
import { decideQueue } from '#libs/queues/queue.rules.js';
import { queueStream } from '#libs/queues/queue.stream.js';

@CommandHandler(DeleteQueue)
export class DeleteQueueHandler implements ICommandHandler<DeleteQueue> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id }: DeleteQueue): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      const [loaded, waits] = await Promise.all([
        this.store.load(queueStream, id, context),
        this.#waits(organizationId, id),
      ]);
      const events = accepted(decideQueue({ type: 'DeleteQueue', id }, loaded.state));
      if (waits) throw new DomainError('conflict', `Conversations wait in queue ${id}; transfer or close them first`);
      await this.store.commit([staged(queueStream, id, loaded, events)], context, [queueIsEmpty(organizationId, id)]);
    });
  }

  /** Returns whether conversations wait in the queue: for the error when {@link queueIsEmpty} fails. */
  async #waits(organizationId: string, id: string): Promise<boolean> {
    const [row] = await this.database.query<{ waits: boolean }>(organizationId, {
      text: `SELECT EXISTS (SELECT FROM conversations
               WHERE organization_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL) AS waits`,
      values: [organizationId, id],
    });
    return row?.waits ?? false;
  }
}

import { Injectable } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler, type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { queueIsEmpty } from '#libs/conversations/conversation.projection.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { EventStore, type Loaded, type Staged, staged, VersionConflict } from '#libs/event-store/event-store.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { type Changes } from '#libs/platform/changes.js';
import { Database, violatedConstraint } from '#libs/platform/database.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { sortedByName } from '#libs/platform/name-order.js';
import {
  decideQueue,
  evolveQueue,
  type Queue,
  type QueueCommand,
  type QueueInput,
  type QueueSettings,
} from './queue.js';
import { DEFAULT_QUEUE_INDEX, defaultQueue, type QueueName, type QueueRow, queueStream } from './queue.projection.js';

/** A queue as it is shown: without its members. */
export type ShownQueue = { id: string } & QueueSettings;

/** Answers the new queue. A new default queue takes over from the one before. */
export class CreateQueue extends Command<ShownQueue> {
  constructor(
    readonly context: WriteContext,
    readonly settings: QueueInput,
  ) {
    super();
  }
}

/** Changes what is named, and answers the queue as it is then. A new default queue takes over from the one before. */
export class UpdateQueue extends Command<ShownQueue> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly changes: Changes<QueueSettings>,
  ) {
    super();
  }
}

/** Refused for the default queue, and while conversations wait in the queue. */
export class DeleteQueue extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
  ) {
    super();
  }
}

/** As it is now, or was then. */
export class GetQueue extends Query<ShownQueue> {
  constructor(
    readonly organizationId: string,
    readonly id: string,
    readonly asOf?: Date,
  ) {
    super();
  }
}

/** All queues by name, as they are now or were then. */
export class ListQueues extends Query<ShownQueue[]> {
  constructor(
    readonly organizationId: string,
    readonly asOf?: Date,
  ) {
    super();
  }
}

/** Writes queues so that at most one is the default. */
@Injectable()
export class QueueWriter {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  /**
   * Decides and commits. Becomes the queue the default, the one before ceases to be it in the same commit.
   * @returns the queue after that
   */
  async write(context: WriteContext, command: QueueCommand): Promise<ShownQueue> {
    return this.store.retrying(async () => {
      const loaded = await this.#load(context, command);
      const events = decideQueue(command, loaded.state);
      if (events instanceof DomainError) throw events;
      const queue = events.reduce(evolveQueue, loaded.state);
      const takesOver = queue?.settings.isDefault && !loaded.state?.settings.isDefault;
      // The old default comes first: the index sees each statement's result.
      const changes = [
        ...(takesOver ? await this.#release(context) : []),
        staged(queueStream, command.id, loaded, events),
      ];
      await this.#commit(changes, context);
      return shownState(queue as Queue);
    });
  }

  async #load({ organizationId }: WriteContext, { type, id }: QueueCommand): Promise<Loaded<Queue | undefined>> {
    return type === 'CreateQueue' ? { state: undefined, version: 0 } : this.store.load(queueStream, id, organizationId);
  }

  async #release({ organizationId }: WriteContext): Promise<Staged[]> {
    const [current] = await this.database.query<QueueName>(organizationId, defaultQueue(organizationId));
    if (!current) return [];
    const loaded = await this.store.load(queueStream, current.id, organizationId);
    const command = { type: 'UpdateQueue', id: current.id, changes: { isDefault: false } } as const;
    const events = decideQueue(command, loaded.state);
    // Somebody has deleted it since: then nothing is to be released.
    return events instanceof DomainError ? [] : [staged(queueStream, current.id, loaded, events)];
  }

  async #commit(changes: Staged[], context: WriteContext): Promise<void> {
    try {
      await this.store.commit(changes, context);
    } catch (error) {
      if (violatedConstraint(error) === DEFAULT_QUEUE_INDEX) throw new VersionConflict();
      throw error;
    }
  }
}

@CommandHandler(CreateQueue)
export class CreateQueueHandler implements ICommandHandler<CreateQueue> {
  constructor(private readonly writer: QueueWriter) {}

  async execute({ context, settings }: CreateQueue): Promise<ShownQueue> {
    return this.writer.write(context, { type: 'CreateQueue', id: randomUUIDv7(), settings });
  }
}

@CommandHandler(UpdateQueue)
export class UpdateQueueHandler implements ICommandHandler<UpdateQueue> {
  constructor(private readonly writer: QueueWriter) {}

  async execute({ context, id, changes }: UpdateQueue): Promise<ShownQueue> {
    return this.writer.write(context, { type: 'UpdateQueue', id, changes });
  }
}

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
        this.store.load(queueStream, id, organizationId),
        this.#waits(organizationId, id),
      ]);
      const events = decideQueue({ type: 'DeleteQueue', id }, loaded.state);
      if (events instanceof DomainError) throw events;
      if (waits) throw new DomainError('conflict', `Conversations wait in queue ${id}; transfer or close them first`);
      await this.store.commit([staged(queueStream, id, loaded, events)], context, [queueIsEmpty(organizationId, id)]);
    });
  }

  /** What to tell where {@link queueIsEmpty} would fail. */
  async #waits(organizationId: string, id: string): Promise<boolean> {
    const [row] = await this.database.query<{ waits: boolean }>(organizationId, {
      text: `SELECT EXISTS (SELECT FROM conversations
               WHERE organization_id = $1 AND queue_id = $2 AND queued_at IS NOT NULL) AS waits`,
      values: [organizationId, id],
    });
    return row?.waits ?? false;
  }
}

const SELECT_QUEUES = 'SELECT id, name, is_default, settings FROM queues WHERE organization_id = $1';

@QueryHandler(GetQueue)
export class GetQueueHandler implements IQueryHandler<GetQueue> {
  constructor(
    private readonly database: Database,
    private readonly past: PastStreams,
  ) {}

  async execute({ organizationId, id, asOf }: GetQueue): Promise<ShownQueue> {
    const queue = asOf ? await this.#then(organizationId, id, asOf) : await this.#now(organizationId, id);
    if (!queue) throw notFound('Queue', id);
    return queue;
  }

  async #then(organizationId: string, id: string, asOf: Date): Promise<ShownQueue | undefined> {
    const { state } = await this.past.load(queueStream, id, organizationId, asOf);
    return state && shownState(state);
  }

  async #now(organizationId: string, id: string): Promise<ShownQueue | undefined> {
    const [row] = await this.database.query<QueueRow>(organizationId, {
      text: `${SELECT_QUEUES} AND id = $2`,
      values: [organizationId, id],
    });
    return row && fromRow(row);
  }
}

@QueryHandler(ListQueues)
export class ListQueuesHandler implements IQueryHandler<ListQueues> {
  constructor(
    private readonly database: Database,
    private readonly past: PastStreams,
  ) {}

  async execute({ organizationId, asOf }: ListQueues): Promise<ShownQueue[]> {
    if (asOf) {
      const queues = await this.past.loadAll(queueStream, organizationId, asOf);
      const listed = queues.flatMap(({ state }) => (state ? shownState(state) : []));
      return sortedByName(this.database, organizationId, listed);
    }
    const rows = await this.database.query<QueueRow>(organizationId, {
      text: `${SELECT_QUEUES} ORDER BY name, id`,
      values: [organizationId],
    });
    return rows.map(fromRow);
  }
}

function shownState({ id, settings }: Queue): ShownQueue {
  return { id, ...settings };
}

function fromRow({ id, name, is_default, settings }: QueueRow): ShownQueue {
  return { id, name, isDefault: is_default, ...settings };
}

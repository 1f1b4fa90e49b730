import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { EntityReader, LISTED } from '#libs/event-store/entity-reader.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { type Staged, staged } from '#libs/event-store/staged.js';
import { VersionConflict } from '#libs/event-store/version-conflict.js';
import { type Changes } from '#libs/platform/changes.js';
import { accepted, DomainError } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { command, query } from '#libs/platform/messages.js';
import { defaultQueue, type QueueName } from './queue.published.js';
import {
  decideQueue,
  evolveQueue,
  type Queue,
  type QueueCommand,
  type QueueInput,
  type QueueSettings,
} from './queue.rules.js';
import { shownQueue } from './queue.shown.js';
import { DEFAULT_QUEUE_INDEX, queueStream } from './queue.stream.js';
import { type QueueOutput } from './queues.dto.js';

/** Creates a queue, and returns it. A new default queue replaces the previous one. */
export class CreateQueue extends command<{ context: WriteContext; settings: QueueInput }, QueueOutput>() {}

/** Changes the given settings, and returns the changed queue. A new default queue replaces the previous one. */
export class UpdateQueue extends command<
  { context: WriteContext; id: string; changes: Changes<QueueSettings> },
  QueueOutput
>() {}

/** A queue as it is now or, with `asOf`, as it was then. */
export class GetQueue extends query<{ organizationId: string; id: string; asOf?: Date }, Sendable<object>>() {}

/** All queues by name, as they are now or, with `asOf`, as they were then. */
export class ListQueues extends query<{ organizationId: string; asOf?: Date }, Sendable<object>[]>() {}

/** Writes queues so that at most one is the default. */
@Injectable()
export class QueueWriter {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  /**
   * Decides and commits. If the queue becomes the default, the previous default loses this state in the same commit.
   * @returns the queue after that
   */
  async write(context: WriteContext, command: QueueCommand): Promise<QueueOutput> {
    return this.store.retrying(async () => {
      const loaded = await this.#load(context, command);
      const events = accepted(decideQueue(command, loaded.state));
      const queue = events.reduce(evolveQueue, loaded.state) as Queue;
      const takesOver = queue.settings.isDefault && !loaded.state?.settings.isDefault;
      // The previous default first, because the index checks each statement.
      const changes = [
        ...(takesOver ? await this.#release(context) : []),
        staged(queueStream, command.id, loaded, events),
      ];
      await this.#commit(changes, context);
      return shownQueue(queue, context);
    });
  }

  async #load(context: WriteContext, { type, id }: QueueCommand): Promise<Loaded<Queue | undefined>> {
    return type === 'CreateQueue' ? { state: undefined, version: 0 } : this.store.load(queueStream, id, context);
  }

  async #release(context: WriteContext): Promise<Staged[]> {
    const { organizationId } = context;
    const [current] = await this.database.query<QueueName>(organizationId, defaultQueue(organizationId));
    if (!current) return [];
    const loaded = await this.store.load(queueStream, current.id, context);
    const command = { type: 'UpdateQueue', id: current.id, changes: { isDefault: false } } as const;
    const events = decideQueue(command, loaded.state);
    // If it has been deleted since, there is no default to release.
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

  async execute({ context, settings }: CreateQueue): Promise<QueueOutput> {
    return this.writer.write(context, { type: 'CreateQueue', id: randomUUIDv7(), settings });
  }
}

@CommandHandler(UpdateQueue)
export class UpdateQueueHandler implements ICommandHandler<UpdateQueue> {
  constructor(private readonly writer: QueueWriter) {}

  async execute({ context, id, changes }: UpdateQueue): Promise<QueueOutput> {
    return this.writer.write(context, { type: 'UpdateQueue', id, changes });
  }
}

@QueryHandler(GetQueue)
export class GetQueueHandler implements IQueryHandler<GetQueue> {
  constructor(private readonly reader: EntityReader) {}

  execute(query: GetQueue): Promise<Sendable<object>> {
    return this.reader.existing(queueStream, 'Queue', query);
  }
}

@QueryHandler(ListQueues)
export class ListQueuesHandler implements IQueryHandler<ListQueues> {
  constructor(private readonly reader: EntityReader) {}

  async execute({ organizationId, asOf }: ListQueues): Promise<Sendable<object>[]> {
    if (asOf) return this.reader.listAsOf(queueStream, organizationId, asOf);
    return this.reader.list(queueStream, organizationId, {
      text: `SELECT ${LISTED} FROM queues WHERE organization_id = $1 ORDER BY name, id`,
      values: [organizationId],
    });
  }
}

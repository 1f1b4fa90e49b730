import { Command, CommandHandler, type ICommandHandler, type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { agentsExist, missingAgents } from '#libs/agents/agent.projection.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { EventStore, staged } from '#libs/event-store/event-store.js';
import { Database } from '#libs/platform/database.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { bulkFailure, type BulkOutcome } from '#libs/platform/http/bulk.js';
import { decideQueue } from './queue.js';
import { queueStream } from './queue.projection.js';

/** Makes those agents members whom there are, all at once, and answers what became of each id in their order. */
export class AssignQueueMembers extends Command<BulkOutcome<string>[]> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly agentIds: string[],
  ) {
    super();
  }
}

/** Takes agents of the organization out of a queue. Those who are no members stay that. */
export class RemoveQueueMembers extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
    readonly agentIds: string[],
  ) {
    super();
  }
}

/** Ids of a queue's members. */
export class ListQueueMembers extends Query<string[]> {
  constructor(
    readonly organizationId: string,
    readonly id: string,
  ) {
    super();
  }
}

@CommandHandler(AssignQueueMembers)
export class AssignQueueMembersHandler implements ICommandHandler<AssignQueueMembers> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, agentIds }: AssignQueueMembers): Promise<BulkOutcome<string>[]> {
    const { organizationId } = context;
    return this.store.retrying(async () => {
      const [loaded, refusals] = await Promise.all([
        this.store.load(queueStream, id, organizationId),
        this.#refusals(organizationId, agentIds),
      ]);
      const agents = agentIds.filter((agentId) => !refusals.has(agentId));
      const events = decideQueue({ type: 'AssignQueueMembers', id, agentIds: agents }, loaded.state);
      if (events instanceof DomainError) throw events;
      await this.store.commit([staged(queueStream, id, loaded, events)], context, [
        agentsExist(organizationId, agents),
      ]);
      return agentIds.map((agentId) => {
        const refusal = refusals.get(agentId);
        return refusal ? bulkFailure(refusal, agentId) : { _type: 'BulkActionSuccess', data: agentId };
      });
    });
  }

  /** Why ids cannot be members; the wording is the public API's. */
  async #refusals(organizationId: string, ids: string[]): Promise<Map<string, DomainError>> {
    const missing = await missingAgents(this.database, organizationId, ids);
    if (missing.length === 0) return new Map();
    const endUsers = await this.database.query<{ id: string }>(organizationId, {
      text: 'SELECT id FROM end_users WHERE organization_id = $1 AND id = ANY($2)',
      values: [organizationId, missing],
    });
    const unknown = missing.map((id) => [id, new DomainError('not-found', 'User not found')] as const);
    const others = endUsers.map(
      ({ id }) => [id, new DomainError('invalid', 'Member is neither Agent or Admin')] as const,
    );
    return new Map([...unknown, ...others]);
  }
}

@CommandHandler(RemoveQueueMembers)
export class RemoveQueueMembersHandler implements ICommandHandler<RemoveQueueMembers> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, agentIds }: RemoveQueueMembers): Promise<void> {
    const command = { type: 'RemoveQueueMembers', id, agentIds } as const;
    const [missing] = await missingAgents(this.database, context.organizationId, agentIds);
    await this.store.execute(queueStream, id, context, (queue) =>
      queue && missing !== undefined ? notFound('Agent', missing) : decideQueue(command, queue),
    );
  }
}

@QueryHandler(ListQueueMembers)
export class ListQueueMembersHandler implements IQueryHandler<ListQueueMembers> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, id }: ListQueueMembers): Promise<string[]> {
    const rows = await this.database.query<{ agent_id: string | null }>(organizationId, {
      text: `SELECT m.agent_id FROM queues q
             LEFT JOIN queue_members m ON m.organization_id = q.organization_id AND m.queue_id = q.id
             WHERE q.organization_id = $1 AND q.id = $2 ORDER BY m.agent_id`,
      values: [organizationId, id],
    });
    if (rows.length === 0) throw notFound('Queue', id);
    return rows.flatMap(({ agent_id }) => agent_id ?? []);
  }
}

import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { agentsExist, missingAgents } from '#libs/agents/agent.published.js';
import { membersAmong } from '#libs/agents/membership.published.js';
import { Database } from '#libs/database/database.js';
import { endUsersAmong } from '#libs/end-users/end-user.published.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { bulkFailure, type BulkOutcome } from '#libs/http/bulk.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { QUEUE_MEMBERS, queueStream } from './queue.stream.js';

/** Makes all of the given agents that exist members, in one commit. Returns the outcome of each id, in their order. */
export class AssignQueueMembers extends command<
  { context: WriteContext; id: string; agentIds: string[] },
  BulkOutcome<string>[]
>() {}

/** Removes agents from a queue. Agents that are not members are ignored. */
export class RemoveQueueMembers extends command<{ context: WriteContext; id: string; agentIds: string[] }>() {}

/** The ids of a queue's members. */
export class ListQueueMembers extends query<{ organizationId: string; id: string }, string[]>() {}

@CommandHandler(AssignQueueMembers)
export class AssignQueueMembersHandler implements ICommandHandler<AssignQueueMembers> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id, agentIds }: AssignQueueMembers): Promise<BulkOutcome<string>[]> {
    const { organizationId } = context;
    return this.store.retrying(async () => {
      const { loaded, ids } = await this.store.loadWith(queueStream, id, context, [
        missingAgents(organizationId, agentIds),
        endUsersAmong(organizationId, agentIds),
        membersAmong(QUEUE_MEMBERS, organizationId, id, agentIds),
      ]);
      const [missing = [], endUsers = [], members = []] = ids;
      const refusals = refusalsOf(missing, endUsers);
      const agents = agentIds.filter((agentId) => !refusals.has(agentId));
      const command = { type: 'AssignQueueMembers', id, agentIds: agents, members, missing: [] as string[] } as const;
      await this.store.decide(queueStream, id, context, loaded, command, [agentsExist(organizationId, agents)]);
      return agentIds.map((agentId) => {
        const refusal = refusals.get(agentId);
        return refusal ? bulkFailure(refusal, agentId) : { _type: 'BulkActionSuccess', data: agentId };
      });
    });
  }
}

/** Returns why ids cannot be members, in the wording of the public API. */
function refusalsOf(missing: string[], endUsers: string[]): Map<string, DomainError> {
  const isEndUser = new Set(endUsers);
  return new Map(
    missing.map((id) => [
      id,
      isEndUser.has(id)
        ? new DomainError('invalid', 'Member is neither Agent or Admin')
        : new DomainError('not-found', 'User not found'),
    ]),
  );
}

@CommandHandler(RemoveQueueMembers)
export class RemoveQueueMembersHandler implements ICommandHandler<RemoveQueueMembers> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id, agentIds }: RemoveQueueMembers): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      const { loaded, ids } = await this.store.loadWith(queueStream, id, context, [
        missingAgents(organizationId, agentIds),
        membersAmong(QUEUE_MEMBERS, organizationId, id, agentIds),
      ]);
      const [missing = [], members = []] = ids;
      const command = { type: 'RemoveQueueMembers', id, agentIds, members, missing } as const;
      await this.store.decide(queueStream, id, context, loaded, command);
    });
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

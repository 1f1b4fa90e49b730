import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type DomainEvent, type WriteContext } from '#libs/event-store/event.js';
import { EventStore, type Staged, staged } from '#libs/event-store/event-store.js';
import { type AnyStreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Statement } from '#libs/platform/batch.js';
import { Database } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { hasNoConversation } from '#libs/conversations/conversation.projection.js';
import { releaseConversations } from '#libs/conversations/reopening.js';
import { decideQueue, type Queue } from '#libs/queues/queue.js';
import { queueStream } from '#libs/queues/queue.projection.js';
import { decideTeam, type Team } from '#libs/teams/team.js';
import { teamStream } from '#libs/teams/team.projection.js';
import { decideAgent } from './agent.js';
import { agentStream } from './agent.projection.js';

/** Takes the agent out of all that has members, in the same commit; before that, conversations away from the agent. */
export class RemoveAgent extends Command<void> {
  constructor(
    readonly context: WriteContext,
    readonly id: string,
  ) {
    super();
  }
}

/** A kind of entity that agents are members of. */
interface Membership {
  /** Who is in what. */
  table: string;
  /** Its column with the entity's id. */
  entity: string;
  stream: AnyStreamDefinition;
  /** What takes the agent out; no longer existing is as good. */
  leave: (id: string, agentId: string, state: unknown) => DomainEvent[] | DomainError;
}

const MEMBERSHIPS: Membership[] = [
  {
    table: 'queue_members',
    entity: 'queue_id',
    stream: queueStream,
    leave: (id, agentId, queue) =>
      decideQueue({ type: 'RemoveQueueMembers', id, agentIds: [agentId] }, queue as Queue | undefined),
  },
  {
    table: 'team_members',
    entity: 'team_id',
    stream: teamStream,
    leave: (id, agentId, team) =>
      decideTeam({ type: 'RemoveTeamMembers', id, agentIds: [agentId] }, team as Team | undefined),
  },
];

@CommandHandler(RemoveAgent)
export class RemoveAgentHandler implements ICommandHandler<RemoveAgent> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id }: RemoveAgent): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      // First, for who may not remove the agent may not take the conversations away either.
      const removal = await this.#removal(organizationId, id);
      await releaseConversations(this.store, this.database, context, id);
      const departures = await Promise.all(
        MEMBERSHIPS.map((membership) => this.#departures(membership, organizationId, id)),
      );
      const guards = [
        ...MEMBERSHIPS.map(({ table }) => nobodyLeft(table, organizationId, id)),
        hasNoConversation(organizationId, id),
      ];
      await this.store.commit([removal, ...departures.flat()], context, guards);
    });
  }

  async #removal(organizationId: string, id: string): Promise<Staged> {
    const loaded = await this.store.load(agentStream, id, organizationId);
    const decision = decideAgent({ type: 'RemoveAgent', id }, loaded.state);
    if (decision instanceof DomainError) throw decision;
    return staged(agentStream, id, loaded, decision);
  }

  async #departures(membership: Membership, organizationId: string, agentId: string): Promise<Staged[]> {
    const { table, entity, stream, leave } = membership;
    const rows = await this.database.query<{ id: string }>(organizationId, {
      text: `SELECT ${entity} AS id FROM ${table} WHERE organization_id = $1 AND agent_id = $2 ORDER BY ${entity}`,
      values: [organizationId, agentId],
    });
    return Promise.all(
      rows.map(async ({ id }) => {
        const loaded = await this.store.load(stream, id, organizationId);
        const decision = leave(id, agentId, loaded.state);
        return staged(stream, id, loaded, decision instanceof DomainError ? [] : decision);
      }),
    );
  }
}

/** Holds unless the agent has become a member after the memberships were read. Whoever comes later finds no agent. */
function nobodyLeft(table: string, organizationId: string, agentId: string): Statement {
  return {
    text: `SELECT guard(NOT EXISTS (SELECT FROM ${table} WHERE organization_id = $1 AND agent_id = $2))`,
    values: [organizationId, agentId],
  };
}

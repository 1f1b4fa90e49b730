import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { RemoveAgent } from '#libs/agents/agent.published.js';
import { agentStream } from '#libs/agents/agent.stream.js';
import { membersAmong, type Membership } from '#libs/agents/membership.published.js';
import { agentHasNoOpenConversation, openConversationsWith } from '#libs/conversations/conversation.published.js';
import { executeReopening } from '#libs/conversations/reopening.published.js';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type DomainEvent, type WriteContext } from '#libs/event-store/event.js';
import { decided, type Staged, staged } from '#libs/event-store/staged.js';
import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { QUEUE_MEMBERS, queueStream } from '#libs/queues/queue.stream.js';
import { TEAM_MEMBERS, teamStream } from '#libs/teams/team.stream.js';

/** A kind of entity that agents are members of, and the way in which they leave it. */
interface Departure extends Membership {
  leave: (store: EventStore, organizationId: string, id: string, agentId: string) => Promise<Staged>;
}

/** The common fields of the commands that remove an agent from an entity. */
interface Leaving {
  id: string;
  agentIds: string[];
  members: string[];
  missing: string[];
}

const DEPARTURES: Departure[] = [
  departure(QUEUE_MEMBERS, queueStream, (leaving) => ({ type: 'RemoveQueueMembers' as const, ...leaving })),
  departure(TEAM_MEMBERS, teamStream, (leaving) => ({ type: 'RemoveTeamMembers' as const, ...leaving })),
];

function departure<State, Event extends DomainEvent, Command>(
  membership: Membership,
  stream: StreamDefinition<State, Event, Command>,
  commandOf: (leaving: Leaving) => Command,
): Departure {
  return {
    ...membership,
    leave: async (store, organizationId, id, agentId) => {
      const agentIds = [agentId];
      const { loaded, ids } = await store.loadWith(stream, id, { organizationId }, [
        membersAmong(membership, organizationId, id, agentIds),
      ]);
      const [members = []] = ids;
      // If the entity is gone, there is no membership to end.
      if (loaded.state === undefined) return staged(stream, id, loaded, []);
      return decided(stream, id, loaded, commandOf({ id, agentIds, members, missing: [] }));
    },
  };
}

@CommandHandler(RemoveAgent)
export class RemoveAgentHandler implements ICommandHandler<RemoveAgent> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id }: RemoveAgent): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      // First, because a request that must not remove the agent must not release its conversations either.
      const removal = await this.#removal(context, id);
      await releaseConversations(this.store, this.database, context, id);
      const departures = await Promise.all(
        DEPARTURES.map((membership) => this.#departures(membership, organizationId, id)),
      );
      const guards = [
        ...DEPARTURES.map(({ table }) => nobodyLeft(table, organizationId, id)),
        agentHasNoOpenConversation(organizationId, id),
      ];
      await this.store.commit([removal, ...departures.flat()], context, guards);
    });
  }

  async #removal(context: WriteContext, id: string): Promise<Staged> {
    const loaded = await this.store.load(agentStream, id, context);
    return decided(agentStream, id, loaded, { type: 'RemoveAgent', id });
  }

  async #departures(departure: Departure, organizationId: string, agentId: string): Promise<Staged[]> {
    const { table, entity } = departure;
    const rows = await this.database.query<{ id: string }>(organizationId, {
      text: `SELECT ${entity} AS id FROM ${table} WHERE organization_id = $1 AND agent_id = $2 ORDER BY ${entity}`,
      values: [organizationId, agentId],
    });
    return Promise.all(rows.map(({ id }) => departure.leave(this.store, organizationId, id, agentId)));
  }
}

/** A guard: the agent has not become a member since the memberships were read. Later additions find no agent. */
function nobodyLeft(table: string, organizationId: string, agentId: string): Statement {
  return {
    text: `SELECT guard(NOT EXISTS (SELECT FROM ${table} WHERE organization_id = $1 AND agent_id = $2))`,
    values: [organizationId, agentId],
  };
}

/** Unassigns an agent's conversations that are not closed. Those that are open wait in a queue again. */
async function releaseConversations(
  store: EventStore,
  database: Database,
  context: WriteContext,
  agentId: string,
): Promise<void> {
  const { organizationId } = context;
  for (;;) {
    const statement = openConversationsWith(organizationId, agentId);
    const conversations = await database.query<{ id: number }>(organizationId, statement);
    if (conversations.length === 0) return;
    await Promise.all(
      conversations.map(({ id }) =>
        executeReopening(store, database, context, { type: 'ReleaseConversation', id, agentId }),
      ),
    );
  }
}

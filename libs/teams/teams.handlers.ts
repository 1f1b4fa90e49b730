import { randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { agentsExist, missingAgents } from '#libs/agents/agent.published.js';
import { membersAmong } from '#libs/agents/membership.published.js';
import { PresenceTimeout } from '#libs/agents/presence.rules.js';
import {
  PRESENCE_COLUMNS,
  type PresenceRow,
  recordedPresence,
  shownPresence,
  type UserPresence,
} from '#libs/agents/presence.shown.js';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { EntityReader, LISTED } from '#libs/event-store/entity-reader.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { notFound } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { command, query } from '#libs/platform/messages.js';
import { type Team } from './team.rules.js';
import { TEAM_MEMBERS, teamStream } from './team.stream.js';
import { type TeamMember } from './teams.dto.js';

export class CreateTeam extends command<{ context: WriteContext; name: string }, Team>() {}

/** Adds or removes all of the agents or, if one of the ids is not an agent, none. */
export class ChangeTeamMembers extends command<{
  context: WriteContext;
  type: 'AddTeamMembers' | 'RemoveTeamMembers';
  id: string;
  agentIds: string[];
}>() {}

export class DeleteTeam extends command<{ context: WriteContext; id: string }>() {}

/** All teams by name, as they are now or, with `asOf`, as they were then. */
export class ListTeams extends query<{ organizationId: string; asOf?: Date }, Sendable<object>[]>() {}

/** A team as it is now or, with `asOf`, as it was then. */
export class GetTeam extends query<{ organizationId: string; id: string; asOf?: Date }, Sendable<object>>() {}

/** All members, by id. @param showsPeople whether to include more fields than the ids */
export class ListTeamMembers extends query<
  { organizationId: string; id: string; showsPeople: boolean },
  TeamMember[]
>() {}

/** A page of the members' presence, by agent id. */
export class ListTeamPresence extends query<
  { organizationId: string; id: string; page: PageRequest },
  Page<UserPresence>
>() {}

@CommandHandler(CreateTeam)
export class CreateTeamHandler implements ICommandHandler<CreateTeam> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, name }: CreateTeam): Promise<Team> {
    const command = { type: 'CreateTeam', id: randomUUIDv7(), name } as const;
    const created = await this.store.handle(teamStream, command.id, context, command);
    return created.state as Team;
  }
}

@CommandHandler(ChangeTeamMembers)
export class ChangeTeamMembersHandler implements ICommandHandler<ChangeTeamMembers> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, type, id, agentIds }: ChangeTeamMembers): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      const { loaded, ids } = await this.store.loadWith(teamStream, id, context, [
        missingAgents(organizationId, agentIds),
        membersAmong(TEAM_MEMBERS, organizationId, id, agentIds),
      ]);
      const [missing = [], members = []] = ids;
      const guards = type === 'AddTeamMembers' ? [agentsExist(organizationId, agentIds)] : [];
      await this.store.decide(teamStream, id, context, loaded, { type, id, agentIds, members, missing }, guards);
    });
  }
}

@CommandHandler(DeleteTeam)
export class DeleteTeamHandler implements ICommandHandler<DeleteTeam> {
  constructor(private readonly store: EventStore) {}

  async execute({ context, id }: DeleteTeam): Promise<void> {
    await this.store.handle(teamStream, id, context, { type: 'DeleteTeam', id });
  }
}

@QueryHandler(ListTeams)
export class ListTeamsHandler implements IQueryHandler<ListTeams> {
  constructor(private readonly reader: EntityReader) {}

  async execute({ organizationId, asOf }: ListTeams): Promise<Sendable<object>[]> {
    if (asOf) return this.reader.listAsOf(teamStream, organizationId, asOf);
    return this.reader.list(teamStream, organizationId, {
      text: `SELECT ${LISTED} FROM teams WHERE organization_id = $1 ORDER BY name, id`,
      values: [organizationId],
    });
  }
}

@QueryHandler(GetTeam)
export class GetTeamHandler implements IQueryHandler<GetTeam> {
  constructor(private readonly reader: EntityReader) {}

  execute(query: GetTeam): Promise<Sendable<object>> {
    return this.reader.existing(teamStream, 'Team', query);
  }
}

/** A member of a team. A team without members has one row without an agent; an unknown team has no row. */
interface MemberRow {
  id: string | null;
  name: string;
  email: string;
  phoneNumber: string | null;
}

@QueryHandler(ListTeamMembers)
export class ListTeamMembersHandler implements IQueryHandler<ListTeamMembers> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, id, showsPeople }: ListTeamMembers): Promise<TeamMember[]> {
    const rows = await this.database.query<MemberRow>(organizationId, {
      text: `SELECT a.id, a.display_name AS name, a.email, a.phone_number AS "phoneNumber"
             FROM teams t LEFT JOIN (team_members m JOIN agents a ON a.organization_id = m.organization_id AND a.id = m.agent_id)
               ON m.organization_id = t.organization_id AND m.team_id = t.id
             WHERE t.organization_id = $1 AND t.id = $2 ORDER BY a.id`,
      values: [organizationId, id],
    });
    if (rows.length === 0) throw notFound('Team', id);
    return rows.flatMap(({ id, name, email, phoneNumber }) =>
      id === null ? [] : [{ id, ...(showsPeople && { name, email, ...(phoneNumber !== null && { phoneNumber }) }) }],
    );
  }
}

const BY_AGENT = new Keyset<PresenceRow>([{ name: 'm.agent_id', type: 'uuid', of: ({ agentId }) => agentId }], 'ASC');

@QueryHandler(ListTeamPresence)
export class ListTeamPresenceHandler implements IQueryHandler<ListTeamPresence> {
  constructor(
    private readonly database: Database,
    private readonly timeout: PresenceTimeout,
    private readonly team: GetTeamHandler,
  ) {}

  async execute({ organizationId, id, page }: ListTeamPresence): Promise<Page<UserPresence>> {
    const select = {
      text: `SELECT m.agent_id AS "agentId", ${PRESENCE_COLUMNS} FROM team_members m
             LEFT JOIN agent_presence p ON p.organization_id = m.organization_id AND p.agent_id = m.agent_id
             WHERE m.organization_id = $1 AND m.team_id = $2`,
      values: [organizationId, id],
    };
    const { rows, ...beside } = await BY_AGENT.read(this.database, organizationId, select, page);
    // Without rows, the team may not exist: then this throws.
    if (rows.length === 0) await this.team.execute(new GetTeam({ organizationId, id }));
    const now = new Date();
    return { rows: rows.map((row) => shownPresence(row.agentId, recordedPresence(row), now, this.timeout)), ...beside };
  }
}

import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, StrictBody, QueryInput } from '#libs/http/input.js';
import { Delete, Patch, Post } from '#libs/http/methods.js';
import { Paged, PageQuery, Pages } from '#libs/http/paging.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';
import { teamStream } from './team.stream.js';
import {
  AgentsToTeamInput,
  CreateTeamInput,
  CreateTeamOutput,
  DeleteAgentsFromTeamInput,
  ListPresenceOutput,
  ListTeamMembersOutput,
  ListTeamsOutput,
  type TeamMember,
  type TeamShown,
} from './teams.dto.js';
import {
  ChangeTeamMembers,
  CreateTeam,
  DeleteTeam,
  GetTeam,
  ListTeamMembers,
  ListTeamPresence,
  ListTeams,
} from './teams.handlers.js';

const TeamId = () => UuidParam('teamId', 'The team id.');

@ApiTags('Teams')
@Controller('v1/teams')
export class TeamsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List all teams in an organization.',
    description: 'Sorted by name.',
    success: [200, 'The list of teams in an organization', ListTeamsOutput],
  })
  async listAll(@Caller() caller: WriteContext, @AsOf() asOf?: Date): Promise<{ data: Sendable<object>[] }> {
    return { data: await this.queries.execute(new ListTeams({ organizationId: caller.organizationId, asOf })) };
  }

  @Post()
  @Versioned(teamStream)
  @Endpoint({
    summary: 'Create a team.',
    description: 'The team has no agents at first. Several teams may have the same name.',
    success: [201, 'The created team', CreateTeamOutput],
  })
  async createTeam(
    @Caller() caller: WriteContext,
    @LenientBody() { name }: CreateTeamInput,
  ): Promise<{ data: TeamShown }> {
    return { data: await this.commands.execute(new CreateTeam({ context: caller, name })) };
  }

  @Get(':teamId')
  @Versioned(teamStream, 'teamId')
  @Endpoint({
    summary: 'Get a team by id.',
    description: 'The agents of a team are listed by an operation of their own.',
    success: [200, 'The team', CreateTeamOutput],
    errors: [404],
  })
  async getById(
    @Caller() caller: WriteContext,
    @TeamId() id: string,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return { data: await this.queries.execute(new GetTeam({ organizationId: caller.organizationId, id, asOf })) };
  }

  @Delete(':teamId')
  @Versioned(teamStream, 'teamId')
  @Endpoint({
    summary: 'Delete a team.',
    description: 'The members stay agents of the organization.',
    success: [204, 'The team was successfully deleted'],
    errors: [404, 409],
  })
  async removeTeam(@Caller() caller: WriteContext, @TeamId() id: string): Promise<void> {
    await this.commands.execute(new DeleteTeam({ context: caller, id }));
  }

  @Get(':teamId/agents')
  @Endpoint({
    summary: 'List all agents in a team.',
    description:
      'Lists all agents of the team, sorted by agent id. Tokens without the scope `agents:read` get the ids only.',
    success: [200, 'List of agents in the specified team', ListTeamMembersOutput],
    errors: [404],
  })
  async listMembers(
    @Caller() caller: WriteContext,
    @TeamId() id: string,
    @GrantedScopes() granted: readonly Scope[],
  ): Promise<{ data: TeamMember[] }> {
    const showsPeople = showsPersonal(granted, 'agent');
    return {
      data: await this.queries.execute(new ListTeamMembers({ organizationId: caller.organizationId, id, showsPeople })),
    };
  }

  @Patch(':teamId/agents')
  @Versioned(teamStream, 'teamId', { answers: 'other' })
  @Endpoint({
    summary: 'Add agents to a team.',
    description: 'Adds all agents, or none if one of them does not exist. Adding a member again changes nothing.',
    success: [200, 'The agents are members of the team'],
    errors: [404, 409],
  })
  async addMembers(
    @Caller() caller: WriteContext,
    @TeamId() id: string,
    @StrictBody() { agentIds }: AgentsToTeamInput,
  ): Promise<void> {
    await this.commands.execute(new ChangeTeamMembers({ context: caller, type: 'AddTeamMembers', id, agentIds }));
  }

  @Delete(':teamId/agents')
  @Versioned(teamStream, 'teamId', { answers: 'other' })
  @Endpoint({
    summary: 'Remove agents from a team.',
    description:
      'An empty or missing list is refused; it never stands for all members. Agents that are not members are ignored.',
    success: [204, 'The agents were successfully removed from the team'],
    errors: [404, 409],
  })
  async removeMembers(
    @Caller() caller: WriteContext,
    @TeamId() id: string,
    @StrictBody() { agentIds }: DeleteAgentsFromTeamInput,
  ): Promise<void> {
    await this.commands.execute(new ChangeTeamMembers({ context: caller, type: 'RemoveTeamMembers', id, agentIds }));
  }

  @Get(':teamId/presence')
  @Endpoint({
    summary: 'List the presence of all agents in a team.',
    description: 'Sorted by agent id, in pages. An agent without presence is offline.',
    success: [200, 'A page of the presence of the agents in the specified team', ListPresenceOutput],
    errors: [404],
  })
  async listPresenceStatus(
    @Caller() caller: WriteContext,
    @TeamId() id: string,
    @QueryInput() query: PageQuery,
    @Paged() pages: Pages,
  ) {
    const page = pages.requested(query);
    return pages.answer(
      await this.queries.execute(new ListTeamPresence({ organizationId: caller.organizationId, id, page })),
    );
  }
}

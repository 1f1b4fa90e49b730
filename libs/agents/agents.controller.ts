import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { instanceToPlain } from 'class-transformer';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { BulkInput, MAX_BULK_ITEMS } from '#libs/http/bulk-input.js';
import { BulkRequests } from '#libs/http/bulk-requests.js';
import { type BulkOutcome, idOfItem } from '#libs/http/bulk.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, StrictBody, QueryInput, validInput } from '#libs/http/input.js';
import { Delete, Patch, Post, Put } from '#libs/http/methods.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Changes } from '#libs/platform/changes.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { RemoveAgent } from './agent.published.js';
import { type Agent, type AgentSettings, NO_SETTINGS } from './agent.rules.js';
import { agentStream } from './agent.stream.js';
import {
  AgentOutput,
  type AgentTeam,
  AgentTeamsOutput,
  BulkPatchAgentInput,
  BulkUpdateAgentInput,
  BulkUpdateAgentOutput,
  CreateAgentInput,
  CreateAgentsInput,
  CreateAgentsOutput,
  ListAgentsOutput,
  ListAgentsQuery,
  PatchAgentInput,
  UpdateAgentInput,
} from './agents.dto.js';
import { CreateAgent, GetAgent, ListAgents, ListTeamsOfAgent, UpdateAgent } from './agents.handlers.js';
import { CreateAgents, UpdateAgents } from './bulk-agents.handlers.js';
import { UpdateAgentPresenceChannelInput, UpdateAgentPresenceInput, UserPresenceOutput } from './presence.dto.js';
import { GetPresence, ListPresence, UpdatePresence, UpdateWorkingChannel } from './presence.handlers.js';
import { UserPresence } from './presence.shown.js';

const AgentId = () => UuidParam('agentId', 'The agent id.');

@ApiTags('Agents')
@Controller('v1/agents')
export class AgentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly bulk: BulkRequests,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List agents in an organization.',
    description: 'Lists agents in pages, oldest first. Only one of the filters `email` and `phone` may be sent.',
    success: [200, 'A page of the agents', ListAgentsOutput],
    errors: [404],
  })
  async listAgents(@Caller() caller: WriteContext, @QueryInput() query: ListAgentsQuery, @Paged() pages: Pages) {
    const { email, phone } = query;
    const page = pages.requested(query);
    return pages.answer(
      await this.queries.execute(
        new ListAgents({ organizationId: caller.organizationId, filter: { email, phone }, page }),
      ),
    );
  }

  @Post()
  @Versioned(agentStream)
  @Endpoint({
    summary: 'Create an agent.',
    description: 'The primary e-mail address is unique among agents and cannot be changed later.',
    success: [201, 'The created agent', AgentOutput],
  })
  async createAgent(@Caller() caller: WriteContext, @LenientBody() input: CreateAgentInput): Promise<{ data: Agent }> {
    return { data: await this.#create(caller, input) };
  }

  @Post('bulk')
  @Endpoint({
    summary: 'Create agents.',
    description: 'Creates each agent separately: one that fails does not affect the others.',
    success: [201, 'The result for each agent, in the order of the request', CreateAgentsOutput],
  })
  async createAgentsBulk(
    @Caller() caller: WriteContext,
    @BulkInput(CreateAgentsInput) items: unknown[],
  ): Promise<{ data: BulkOutcome<Agent>[] }> {
    const prepare = async (item: unknown) =>
      instanceToPlain(await validInput(CreateAgentInput, item, 'ignore')) as CreateAgentInput;
    const carryOut = (inputs: CreateAgentInput[]) =>
      this.commands.execute(new CreateAgents({ context: caller, inputs }));
    return { data: await this.bulk.each(caller.organizationId, items, { prepare, carryOut }) };
  }

  @Put()
  @Endpoint({
    summary: 'Update agents.',
    description: `Replaces each agent separately: fields that are not sent are cleared, and unknown fields are refused. At most ${MAX_BULK_ITEMS} items.`,
    success: [200, 'The result for each agent, in the order of the request', BulkUpdateAgentOutput],
  })
  async updateAgentsBulk(
    @Caller() caller: WriteContext,
    @BulkInput([BulkUpdateAgentInput]) items: unknown[],
  ): Promise<{ data: BulkOutcome<Agent>[] }> {
    const prepare = async (item: unknown) => {
      const { id, ...input } = await validInput(BulkUpdateAgentInput, item, 'refuse');
      return { id, changes: { ...NO_SETTINGS, ...instanceToPlain(input) } };
    };
    return {
      data: await this.bulk.each(caller.organizationId, items, {
        idOf: idOfItem,
        prepare,
        carryOut: this.#updating(caller),
      }),
    };
  }

  @Patch()
  @Endpoint({
    summary: 'Patch agents.',
    description: `Changes only the fields that are sent, for each agent separately; \`null\` clears a field. Unknown fields are refused. At most ${MAX_BULK_ITEMS} items.`,
    success: [200, 'The result for each agent, in the order of the request', BulkUpdateAgentOutput],
  })
  async patchAgentsBulk(
    @Caller() caller: WriteContext,
    @BulkInput([BulkPatchAgentInput]) items: unknown[],
  ): Promise<{ data: BulkOutcome<Agent>[] }> {
    const prepare = async (item: unknown) => {
      const { id, ...changes } = await validInput(BulkPatchAgentInput, item, 'refuse');
      if (Object.keys(changes).length > 0) return { id, changes: instanceToPlain(changes) };
      throw new DomainError('invalid', 'The patch contains no field to change', { bulkError: 'EmptyPatchSet' });
    };
    return {
      data: await this.bulk.each(caller.organizationId, items, {
        idOf: idOfItem,
        prepare,
        carryOut: this.#updating(caller),
      }),
    };
  }

  @Get('presence')
  @Endpoint({
    summary: 'List the presence of all agents.',
    description: 'Sorted by agent id. An agent without presence is offline.',
    success: [200, 'The presence of all agents', [UserPresence]],
  })
  async listPresence(@Caller() caller: WriteContext): Promise<UserPresence[]> {
    return this.queries.execute(new ListPresence({ organizationId: caller.organizationId }));
  }

  @Get(':agentId')
  @Versioned(agentStream, 'agentId')
  @Endpoint({
    summary: 'Get an agent by id.',
    description: 'For a removed agent, the answer is 404.',
    success: [200, 'The agent', AgentOutput],
    errors: [404],
  })
  async getAgentById(
    @Caller() caller: WriteContext,
    @AgentId() id: string,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return { data: await this.queries.execute(new GetAgent({ organizationId: caller.organizationId, id, asOf })) };
  }

  @Put(':agentId')
  @Versioned(agentStream, 'agentId')
  @Endpoint({
    summary: 'Update an agent.',
    description:
      'Fields that are not sent are cleared. Unknown fields are refused, and so is `email`, which cannot be changed.',
    success: [200, 'The updated agent', AgentOutput],
    errors: [404, 409],
  })
  async updateAgentById(
    @Caller() caller: WriteContext,
    @AgentId() id: string,
    @StrictBody() input: UpdateAgentInput,
  ): Promise<{ data: Agent }> {
    return { data: await this.#update(caller, id, { ...NO_SETTINGS, ...instanceToPlain(input) }) };
  }

  @Patch(':agentId')
  @Versioned(agentStream, 'agentId')
  @Endpoint({
    summary: 'Patch an agent.',
    description:
      'Changes only the fields that are sent; `null` clears a field, and lists are replaced as a whole. Unknown fields are refused, and so is `email`, which cannot be changed.',
    success: [200, 'The patched agent', AgentOutput],
    errors: [404, 409],
  })
  async patchAgent(
    @Caller() caller: WriteContext,
    @AgentId() id: string,
    @StrictBody() changes: PatchAgentInput,
  ): Promise<{ data: Agent }> {
    return { data: await this.#update(caller, id, changes) };
  }

  @Delete(':agentId')
  @Versioned(agentStream, 'agentId')
  @Endpoint({
    summary: 'Remove an agent.',
    description:
      'The agent is removed from all teams and queues. Open conversations of the agent go back to their queue.',
    success: [204, 'The agent was successfully removed'],
    errors: [404, 409],
  })
  async removeAgent(@Caller() caller: WriteContext, @AgentId() id: string): Promise<void> {
    await this.commands.execute(new RemoveAgent({ context: caller, id }));
  }

  @Get(':agentId/teams')
  @Endpoint({
    summary: 'List the teams of an agent.',
    description: 'Lists the ids of all teams of the agent.',
    success: [200, 'The teams', AgentTeamsOutput],
    errors: [404],
  })
  async listTeams(@Caller() caller: WriteContext, @AgentId() id: string): Promise<{ data: AgentTeam[] }> {
    const teamIds = await this.queries.execute(new ListTeamsOfAgent({ organizationId: caller.organizationId, id }));
    return { data: teamIds.map((teamId) => ({ id: teamId })) };
  }

  @Get(':agentId/presence')
  @Endpoint({
    summary: 'Get the presence of an agent.',
    description: 'An agent without presence is offline.',
    success: [200, 'The presence', UserPresenceOutput],
    errors: [404],
  })
  async getPresence(@Caller() caller: WriteContext, @AgentId() id: string): Promise<{ data: UserPresence }> {
    return {
      data: await this.queries.execute(new GetPresence({ organizationId: caller.organizationId, agentId: id })),
    };
  }

  @Put(':agentId/presence')
  @Endpoint({
    summary: 'Update the presence of an agent.',
    description:
      'This request is a heartbeat: repeat it to stay online. Fields that are not sent stay as they are; unknown fields are refused. Without heartbeats, the agent is offline after `PRESENCE_TIMEOUT_SECONDS`. Heartbeats closer together than a quarter of that time count as one.',
    success: [200, 'The presence', UserPresenceOutput],
    errors: [404, 409],
  })
  async updatePresence(
    @Caller() caller: WriteContext,
    @AgentId() id: string,
    @StrictBody() input: UpdateAgentPresenceInput,
  ): Promise<{ data: UserPresence }> {
    const changes = instanceToPlain(input) as UpdateAgentPresenceInput;
    return { data: await this.commands.execute(new UpdatePresence({ context: caller, agentId: id, changes })) };
  }

  @Put(':agentId/presence/working-channel')
  @Endpoint({
    summary: 'Update whether an agent works on a group of channels.',
    description: 'Does not change whether the agent is online.',
    success: [204, 'The presence was successfully updated'],
    errors: [404, 409],
  })
  async updateWorkingChannel(
    @Caller() caller: WriteContext,
    @AgentId() id: string,
    @StrictBody() { channel, working }: UpdateAgentPresenceChannelInput,
  ): Promise<void> {
    await this.commands.execute(new UpdateWorkingChannel({ context: caller, agentId: id, channel, working }));
  }

  #create(caller: WriteContext, input: CreateAgentInput): Promise<Agent> {
    return this.commands.execute(
      new CreateAgent({ context: caller, input: instanceToPlain(input) as CreateAgentInput }),
    );
  }

  #update(caller: WriteContext, id: string, changes: Changes<AgentSettings>): Promise<Agent> {
    return this.commands.execute(new UpdateAgent({ context: caller, id, changes: instanceToPlain(changes) }));
  }

  /** Returns how a bulk request updates the agents that it names. */
  #updating(caller: WriteContext) {
    return (changes: UpdateAgents['changes']) => this.commands.execute(new UpdateAgents({ context: caller, changes }));
  }
}

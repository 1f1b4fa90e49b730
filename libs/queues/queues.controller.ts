import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { instanceToPlain } from 'class-transformer';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { type BulkOutcome } from '#libs/http/bulk.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, StrictBody } from '#libs/http/input.js';
import { Delete, Patch, Post } from '#libs/http/methods.js';
import { IntegerParam, UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Sendable } from '#libs/platform/json-text.js';
import {
  BulkQueueEndpointInput,
  BulkQueueEndpointOutput,
  type QueueMember,
  QueueMembersOutput,
} from './queue-members.dto.js';
import { AssignQueueMembers, ListQueueMembers, RemoveQueueMembers } from './queue-members.handlers.js';
import {
  type ChannelAvailability,
  GetQueuedConversationPositionOutput,
  QueueAvailabilityOutput,
  type QueuedConversation,
} from './queue-state.dto.js';
import { type ChannelState, GetConversationPosition, GetQueueAvailability } from './queue-state.handlers.js';
import { DeleteQueue } from './queue.published.js';
import { type QueueInput } from './queue.rules.js';
import { queueStream } from './queue.stream.js';
import {
  CreateQueueInput,
  CreateQueueOutput,
  GetQueueByIdOutput,
  ListQueuesOutput,
  PatchQueueInput,
  PatchQueueOutput,
  type QueueOutput,
} from './queues.dto.js';
import { CreateQueue, GetQueue, ListQueues, UpdateQueue } from './queues.handlers.js';

const QueueId = (example?: string) => UuidParam('queueId', 'The queue id.', example);

@ApiTags('Queues')
@Controller('v1/queues')
export class QueuesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List all queues in an organization.',
    description: 'Sorted by name.',
    success: [200, 'The list of queues in an organization', ListQueuesOutput],
  })
  async listAll(
    @Caller() { organizationId }: WriteContext,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object>[] }> {
    return { data: await this.queries.execute(new ListQueues({ organizationId, asOf })) };
  }

  @Post()
  @Versioned(queueStream)
  @Endpoint({
    summary: 'Create a queue.',
    description:
      'A new default queue replaces the previous one. The settings for offering conversations are stored for the programs that offer them; Deskstream itself does not offer conversations.',
    success: [201, 'The created queue', CreateQueueOutput],
    errors: [409],
  })
  async createQueue(
    @Caller() caller: WriteContext,
    @LenientBody() { request }: CreateQueueInput,
  ): Promise<{ data: QueueOutput }> {
    return {
      data: await this.commands.execute(
        new CreateQueue({ context: caller, settings: instanceToPlain(request) as QueueInput }),
      ),
    };
  }

  @Get('conversation-position/:csid')
  @Endpoint({
    summary: 'Get the position of a conversation in its queue.',
    description: 'If the conversation does not wait in a queue, the answer is 404.',
    success: [200, 'The position', GetQueuedConversationPositionOutput],
    errors: [404],
  })
  async getConversationPosition(
    @Caller() caller: WriteContext,
    @IntegerParam('csid', 'The conversation id.', 'Waiting conversation') conversationId: number,
  ): Promise<{ data: QueuedConversation }> {
    const query = new GetConversationPosition({ organizationId: caller.organizationId, conversationId });
    return { data: await this.queries.execute(query) };
  }

  @Get(':queueId')
  @Versioned(queueStream, 'queueId')
  @Endpoint({
    summary: 'Get a queue by id.',
    description: 'The answer has the settings. Members and availability have operations of their own.',
    success: [200, 'The queue', GetQueueByIdOutput],
    errors: [404],
  })
  async getById(
    @Caller() { organizationId }: WriteContext,
    @QueueId() id: string,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return { data: await this.queries.execute(new GetQueue({ organizationId, id, asOf })) };
  }

  @Patch(':queueId')
  @Versioned(queueStream, 'queueId')
  @Endpoint({
    summary: 'Patch a queue.',
    description:
      'Only the fields that are sent change. Maps are replaced as a whole, and `null` clears a field. Unknown fields are refused. `isDefault: true` replaces the previous default queue; `false` leaves the organization without a default queue.',
    success: [200, 'The patched queue', PatchQueueOutput],
    errors: [404, 409],
  })
  async updateQueue(
    @Caller() caller: WriteContext,
    @QueueId() id: string,
    @StrictBody() changes: PatchQueueInput,
  ): Promise<{ data: QueueOutput }> {
    return {
      data: await this.commands.execute(new UpdateQueue({ context: caller, id, changes: instanceToPlain(changes) })),
    };
  }

  @Delete(':queueId')
  @Versioned(queueStream, 'queueId')
  @Endpoint({
    summary: 'Delete a queue.',
    description:
      'Its members stop being members. The default queue and a queue in which conversations wait cannot be deleted (409).',
    success: [204, 'The queue was successfully deleted'],
    errors: [404, 409],
  })
  async deleteQueue(@Caller() caller: WriteContext, @QueueId(EXAMPLE_IDS.otherQueue) id: string): Promise<void> {
    await this.commands.execute(new DeleteQueue({ context: caller, id }));
  }

  @Get(':queueId/availability')
  @Endpoint({
    summary: 'Get the availability of a queue.',
    description: 'Shows for each channel whether a member is available and how many conversations wait.',
    success: [200, 'The availability of the queue', QueueAvailabilityOutput],
    errors: [404, 409],
  })
  async getAvailability(@Caller() caller: WriteContext, @QueueId() id: string): Promise<QueueAvailabilityOutput> {
    const states = await this.queries.execute(new GetQueueAvailability({ organizationId: caller.organizationId, id }));
    return { data: states.map(shownChannel) };
  }

  @Get(':queueId/members')
  @Endpoint({
    summary: 'List all members of a queue.',
    description: 'Lists the agents, sorted by id.',
    success: [200, 'The members of the queue', QueueMembersOutput],
    errors: [404],
  })
  async listMembers(@Caller() caller: WriteContext, @QueueId() id: string): Promise<{ data: QueueMember[] }> {
    const agentIds = await this.queries.execute(new ListQueueMembers({ organizationId: caller.organizationId, id }));
    return { data: agentIds.map((agentId) => ({ agentId })) };
  }

  @Patch(':queueId/members')
  @Versioned(queueStream, 'queueId', { answers: 'other' })
  @Endpoint({
    summary: 'Assign agents to a queue.',
    description:
      'Returns the result for each id, in the order of the request. One that fails does not affect the others. Assigning a member again changes nothing.',
    success: [200, 'The result for each agent', BulkQueueEndpointOutput],
    errors: [404, 409],
  })
  async assignMembers(
    @Caller() caller: WriteContext,
    @QueueId() id: string,
    @LenientBody() { agentIds }: BulkQueueEndpointInput,
  ): Promise<{ data: BulkOutcome<string>[] }> {
    return { data: await this.commands.execute(new AssignQueueMembers({ context: caller, id, agentIds })) };
  }

  @Delete(':queueId/members')
  @Versioned(queueStream, 'queueId', { answers: 'other' })
  @Endpoint({
    summary: 'Remove agents from a queue.',
    description: 'Agents that are not members are ignored.',
    success: [204, 'The agents were successfully removed'],
    errors: [404, 409],
  })
  async removeMembersBulk(
    @Caller() caller: WriteContext,
    @QueueId() id: string,
    @LenientBody() { agentIds }: BulkQueueEndpointInput,
  ): Promise<void> {
    await this.commands.execute(new RemoveQueueMembers({ context: caller, id, agentIds }));
  }
}

function shownChannel({ channel, available, waiting }: ChannelState): ChannelAvailability {
  return {
    _type: 'Success',
    channelAvailability: {
      _type: 'GenericChannel',
      genericChannelName: channel,
      availability: available ? 'Available' : 'NotAvailable',
      queueSize: waiting,
    },
  };
}

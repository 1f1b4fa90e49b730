import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  ApiAttributeValues,
  AttributeValuesBody,
  type CustomAttributeOutput,
} from '#libs/custom-attributes/attribute-values.published.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, OptionalLenientBody, UnionInput } from '#libs/http/input.js';
import { Patch, Post, Put } from '#libs/http/methods.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type JsonText, type Sendable } from '#libs/platform/json-text.js';
import { ConversationId } from './conversation-id.param.js';
import {
  ClaimConversationInput,
  CloseConversationInput,
  CREATE_CONVERSATION_INPUTS,
  type CreateConversationInput,
  FollowupConversationInput,
  LinkConversationInput,
  ReopenConversationInput,
  TransferConversationInput,
} from './conversation-inputs.dto.js';
import {
  CreateConversationOutput,
  GetConversationOutput,
  ListLinkedConversationsOutput,
  PatchConversationCustomAttributesOutput,
} from './conversation-outputs.dto.js';
import { GetConversation, ListLinkedConversations } from './conversation-queries.handlers.js';
import { conversationStream } from './conversation.stream.js';
import {
  ChangeConversation,
  ClaimConversation,
  CreateConversation,
  LinkConversation,
  TransferConversation,
  UpdateConversationAttributes,
} from './conversations.handlers.js';

@ApiTags('Conversations')
@Controller('v1')
export class ConversationsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('conversations')
  @Versioned(conversationStream, undefined, { answers: 'other' })
  @Endpoint({
    summary: 'Create a conversation.',
    description:
      'An inbound conversation waits in the default queue if there is one; a callback waits in the given queue. An outbound conversation is assigned to the agent who writes. Once the organization has contact endpoints of a type, conversations must name one of them.',
    success: [201, 'The created conversation', CreateConversationOutput],
    errors: [404, 409],
  })
  async create(
    @Caller() caller: WriteContext,
    @UnionInput(CREATE_CONVERSATION_INPUTS) input: CreateConversationInput,
  ): Promise<{ data: { id: number } }> {
    return { data: { id: await this.commands.execute(new CreateConversation({ context: caller, input })) } };
  }

  @Get('conversations/:conversationId')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    summary: 'Get a conversation by id.',
    description: 'An anonymized conversation is shown as `AnonymizedConversation`, also with `asOf`.',
    success: [200, 'The conversation', GetConversationOutput],
    errors: [404],
  })
  async getById(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @AsOf() asOf?: Date,
  ): Promise<{ data: Sendable<object> }> {
    return {
      data: await this.queries.execute(new GetConversation({ organizationId: caller.organizationId, id, asOf })),
    };
  }

  @Put('conversations/:conversationId/close')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    summary: 'Close a conversation.',
    description:
      'A conversation that was never assigned and still waits in its queue counts as abandoned. Closing a closed conversation changes nothing.',
    success: [204, 'The conversation is closed'],
    errors: [404, 409],
  })
  async close(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @OptionalLenientBody() { userId }: CloseConversationInput,
  ): Promise<void> {
    await this.commands.execute(
      new ChangeConversation({ context: caller, change: { type: 'CloseConversation', id, ...by(userId) } }),
    );
  }

  @Put('conversations/:conversationId/reopen')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    summary: 'Reopen a conversation.',
    description:
      'Reopens a closed or pending conversation. It stays with its agent or waits in its queue again, or in the default queue if its own was deleted. Reopening an open conversation changes nothing.',
    success: [204, 'The conversation is open'],
    errors: [404, 409],
  })
  async reopen(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @OptionalLenientBody() { userId }: ReopenConversationInput,
  ): Promise<void> {
    await this.commands.execute(
      new ChangeConversation({ context: caller, change: { type: 'ReopenConversation', id, ...by(userId) } }),
    );
  }

  @Put('conversations/:conversationId/followup')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    summary: 'Set a conversation aside until a time.',
    description: 'The conversation is pending until then, and opens again. If it is closed, the answer is 409.',
    success: [204, 'The conversation is pending'],
    errors: [404, 409],
  })
  async followUp(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @LenientBody() { timestamp: until, userId }: FollowupConversationInput,
  ): Promise<void> {
    const now = new Date().toISOString();
    const change = { type: 'FollowUpConversation', id, until, now, ...by(userId) } as const;
    await this.commands.execute(new ChangeConversation({ context: caller, change }));
  }

  @Put('conversations/:conversationId/claim')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    summary: 'Assign a conversation to an agent.',
    description:
      'Takes the conversation from its queue or, with `force`, from another agent. If the conversation is closed, or another agent has it and `force` is not set, the answer is 409. Claiming a conversation again changes nothing.',
    success: [204, 'The conversation is assigned to the agent'],
    errors: [404, 409],
  })
  async claim(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @LenientBody() { agentId, force }: ClaimConversationInput,
  ): Promise<void> {
    await this.commands.execute(new ClaimConversation({ context: caller, id, agentId, force: force ?? false }));
  }

  @Put('conversations/:conversationId/transfer/queue')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    summary: 'Transfer a conversation to a queue.',
    description:
      'The agent is unassigned, and a pending conversation opens. Transferring a conversation to the queue in which it waits changes nothing. If the conversation is closed, the answer is 409.',
    success: [204, 'The conversation waits in the queue'],
    errors: [404, 409],
  })
  async transferToQueue(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @LenientBody() { queueId, userId }: TransferConversationInput,
  ): Promise<void> {
    await this.commands.execute(
      new TransferConversation({ context: caller, id, queueId, userId: userId ?? undefined }),
    );
  }

  @Patch('conversations/:conversationId/custom-attributes')
  @Versioned(conversationStream, 'conversationId', { answers: 'other' })
  @ApiAttributeValues({
    [EXAMPLE_IDS.conversationAttribute]: ['business', 'gold'],
    [EXAMPLE_IDS.conversationText]: 'A-1042',
  })
  @Endpoint({
    summary: 'Patch the custom attributes of a conversation.',
    description: 'Changes values by attribute id; `null` clears a value. If one value is invalid, nothing is changed.',
    success: [200, 'The patched attributes', PatchConversationCustomAttributesOutput],
    errors: [404, 409],
  })
  async updateCustomAttributes(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @AttributeValuesBody() patch: Record<string, unknown>,
  ): Promise<{ data: CustomAttributeOutput[] }> {
    return { data: await this.commands.execute(new UpdateConversationAttributes({ context: caller, id, patch })) };
  }

  @Put('conversations/:conversationId/link')
  @Versioned(conversationStream, 'conversationId')
  @Endpoint({
    summary: 'Link a conversation to another one.',
    description:
      'The conversation then belongs to the other one. A conversation belongs to at most one other. Links to itself and circular links are refused.',
    success: [204, 'The conversations are linked'],
    errors: [404, 409],
  })
  async link(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @LenientBody() { parentId, linkType }: LinkConversationInput,
  ): Promise<void> {
    await this.commands.execute(new LinkConversation({ context: caller, id, parentId, linkType }));
  }

  @Get('conversations/:conversationId/linked')
  @Endpoint({
    summary: 'List the conversations that are linked to one.',
    description: 'Lists the conversation that this one belongs to and the conversations that belong to it, by number.',
    success: [200, 'The linked conversations', ListLinkedConversationsOutput],
    errors: [404],
  })
  async listLinked(@Caller() caller: WriteContext, @ConversationId() id: number): Promise<{ data: JsonText[] }> {
    return {
      data: await this.queries.execute(new ListLinkedConversations({ organizationId: caller.organizationId, id })),
    };
  }
}

function by(userId: string | null | undefined): { userId?: string } {
  return userId ? { userId } : {};
}

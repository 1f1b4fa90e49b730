import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { QueryInput, UnionInput } from '#libs/http/input.js';
import { Post } from '#libs/http/methods.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { ConversationId } from './conversation-id.param.js';
import { conversationStream } from './conversation.stream.js';
import { createdMessage } from './message.shown.js';
import {
  CREATE_MESSAGE_INPUTS,
  type CreateMessageInput,
  CreateMessageOutput,
  type CreateMessageOutputData,
  ListMessagesOutput,
  ListMessagesQuery,
} from './messages.dto.js';
import { AddMessage, ListMessages } from './messages.handlers.js';

/** The messages of a conversation. */
@ApiTags('Conversations')
@Controller('v1/conversations/:conversationId/messages')
export class ConversationMessagesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    operationId: 'Conversations_listMessages',
    summary: 'List the messages of a conversation.',
    description: 'Oldest first. A page has at most 1,000 messages, and ends after 4,000,000 characters.',
    success: [200, 'The list of messages', ListMessagesOutput],
    errors: [404],
  })
  async list(
    @Caller() { organizationId }: WriteContext,
    @ConversationId() id: number,
    @QueryInput() query: ListMessagesQuery,
    @Paged() pages: Pages,
  ) {
    const request = pages.requested(query);
    return pages.answer(await this.queries.execute(new ListMessages({ organizationId, id, request })));
  }

  @Post()
  @Versioned(conversationStream, 'conversationId', { answers: 'other' })
  @Endpoint({
    operationId: 'Conversations_addMessage',
    summary: 'Add a message to a conversation.',
    description:
      'An inbound message is from the end user, and the end user then waits for an answer until the agent of the conversation writes. It opens a pending or closed conversation; if the organization has the setting `replies-to-closed FollowUp`, a message to a closed conversation begins a new conversation that follows it up, or is added to the existing follow-up. A message that is older than the closing leaves the conversation closed. An outbound message leaves the state as it is. If the conversation already has a message with the `externalId`, nothing changes and that message is returned. A conversation can have at most 20,000 messages; beyond that, the answer is 409.',
    success: [200, 'The message', CreateMessageOutput],
    errors: [404, 409],
  })
  async add(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @UnionInput(CREATE_MESSAGE_INPUTS) input: CreateMessageInput,
  ): Promise<{ data: CreateMessageOutputData }> {
    const { message, conversationId } = await this.commands.execute(new AddMessage({ context: caller, id, input }));
    return { data: createdMessage(message, conversationId) };
  }
}

import { Controller } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody } from '#libs/http/input.js';
import { Post } from '#libs/http/methods.js';
import { Caller } from '#libs/http/request-context.js';
import {
  GenericConversationImport,
  ImportConversationOutput,
  type ImportConversationResponse,
} from './import-conversations.dto.js';
import { ImportConversation } from './import-conversations.handlers.js';

@ApiTags('Conversations')
@Controller('v1/conversations/import')
export class ImportConversationsController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @Endpoint({
    operationId: 'Conversations_import',
    summary: 'Import a conversation from another system.',
    description:
      'The conversation is a `GenericConversation` with its messages and their times, who had it last, and when it was closed. If it is neither closed nor assigned, it waits in the default queue. Messages of unknown agents, messages from the future and messages with a repeated `externalId` are left out and reported in `partialErrors`, as is an unknown agent of the assignment or closing. A conversation whose `externalId` was imported before changes nothing, and its number is returned. Subscribers get the events of the conversation and of each message.',
    success: [200, 'The imported conversation', ImportConversationOutput],
    errors: [404, 409],
  })
  async import(
    @Caller() caller: WriteContext,
    @LenientBody() input: GenericConversationImport,
  ): Promise<{ data: ImportConversationResponse }> {
    return { data: await this.commands.execute(new ImportConversation({ context: caller, input })) };
  }
}

import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { searchedAttribute } from '#libs/custom-attributes/attribute-query.published.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { QueryInput } from '#libs/http/input.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { Caller } from '#libs/http/request-context.js';
import { ListConversations } from './conversation-lists.handlers.js';
import { ListConversationsOutput } from './conversation-outputs.dto.js';
import { ListConversationsQuery } from './list-conversations.dto.js';

@ApiTags('Conversations')
@Controller('v1/conversations')
export class ConversationListsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Endpoint({
    operationId: 'Conversations_list',
    summary: 'List conversations.',
    description:
      'Lists the conversations that match all filters, without their custom attributes. Newest first by default.',
    success: [200, 'A page of conversations', ListConversationsOutput],
  })
  async list(
    @Caller() { organizationId }: WriteContext,
    @QueryInput() query: ListConversationsQuery,
    @Paged() pages: Pages,
  ) {
    const { sort: order = '-createdAt', ...filters } = query;
    const search = { ...filters, attribute: searchedAttribute(query) };
    const request = pages.requested(query);
    return pages.answer(await this.queries.execute(new ListConversations({ organizationId, search, order, request })));
  }
}

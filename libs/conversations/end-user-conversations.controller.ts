import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { QueryInput } from '#libs/http/input.js';
import { Paged, PageQuery, Pages } from '#libs/http/paging.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { type Scope } from '#libs/platform/scopes.js';
import { mustShowPersonal } from '#libs/resources/scopes.js';
import { ListEndUserConversations } from './conversation-lists.handlers.js';
import { ListEndUserConversationsOutput } from './conversation-outputs.dto.js';

@ApiTags('End Users')
@Controller('v1')
export class EndUserConversationsController {
  constructor(private readonly queries: QueryBus) {}

  @Get('endusers/:userId/conversations')
  @Endpoint({
    operationId: 'EndUsers_listConversations',
    summary: 'List the conversations requested by an end user.',
    description:
      'Newest first. Custom attributes are only in single conversations. Requires the scopes `endusers:read` and `conversations:read`.',
    success: [200, 'The list of conversations', ListEndUserConversationsOutput],
    errors: [404],
  })
  async listOfEndUser(
    @Caller() caller: WriteContext,
    @UuidParam('userId', 'The end user id.') userId: string,
    @QueryInput() query: PageQuery,
    @Paged() pages: Pages,
    @GrantedScopes() granted: readonly Scope[],
  ) {
    mustShowPersonal(granted, 'conversation');
    const request = pages.requested(query);
    return pages.answer(
      await this.queries.execute(
        new ListEndUserConversations({ organizationId: caller.organizationId, userId, request }),
      ),
    );
  }
}

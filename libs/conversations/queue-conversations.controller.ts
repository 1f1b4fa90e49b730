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
import { ListQueueConversations } from './conversation-lists.handlers.js';
import { ListConversationsOutput } from './conversation-outputs.dto.js';

@ApiTags('Queues')
@Controller('v1/queues')
export class QueueConversationsController {
  constructor(private readonly queries: QueryBus) {}

  @Get(':queueId/conversations')
  @Endpoint({
    operationId: 'Queues_listConversations',
    summary: 'List the conversations that wait in a queue.',
    description:
      'In the order of their positions: the one that has waited longest is first. Custom attributes are only in single conversations. Requires the scopes `queues:read` and `conversations:read`.',
    success: [200, 'A page of waiting conversations', ListConversationsOutput],
    errors: [404],
  })
  async listOfQueue(
    @Caller() { organizationId }: WriteContext,
    @UuidParam('queueId', 'The queue id.') queueId: string,
    @QueryInput() query: PageQuery,
    @Paged() pages: Pages,
    @GrantedScopes() granted: readonly Scope[],
  ) {
    mustShowPersonal(granted, 'conversation');
    const request = pages.requested(query);
    return pages.answer(await this.queries.execute(new ListQueueConversations({ organizationId, queueId, request })));
  }
}

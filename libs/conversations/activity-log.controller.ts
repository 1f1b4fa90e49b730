import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { QueryInput } from '#libs/http/input.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { type Scope } from '#libs/platform/scopes.js';
import {
  ActivityLogQuery,
  GetActivityLogOutput,
  ListActivityLogOutput,
  OrganizationActivityLogQuery,
} from './activity-log.dto.js';
import { ListActivity } from './activity-log.handlers.js';
import { ConversationId } from './conversation-id.param.js';

const NAMES =
  'Agents are named if the token has the scope `agents:read`, end users if it has `endusers:read`. A page has at most 10,000 entries, and fewer if they are long.';

/** The activity logs of conversations. */
@ApiTags('Conversations')
@Controller('v1/conversations')
export class ActivityLogController {
  constructor(private readonly queries: QueryBus) {}

  @Get('activitylog')
  @Endpoint({
    operationId: 'Conversations_listActivityLogs',
    summary: 'List the activity log of all conversations.',
    description: `What happened to conversations in a period, oldest first. ${NAMES}`,
    success: [200, 'A page of the activity log', ListActivityLogOutput],
  })
  async listOfOrganization(
    @Caller() { organizationId }: WriteContext,
    @GrantedScopes() granted: readonly Scope[],
    @QueryInput() query: OrganizationActivityLogQuery,
    @Paged() pages: Pages,
  ) {
    const request = pages.requested(query);
    const of = { from: query.fromDatetime, until: query.toDatetime };
    return pages.answer(await this.queries.execute(new ListActivity({ organizationId, of, request, granted })));
  }

  @Get(':conversationId/activitylog')
  @Endpoint({
    operationId: 'Conversations_listActivityLog',
    summary: 'List the activity log of a conversation.',
    description: `What happened to the conversation, oldest first. ${NAMES} Its history has all events.`,
    success: [200, 'A page of the activity log', GetActivityLogOutput],
    errors: [404],
  })
  async listOfConversation(
    @Caller() { organizationId }: WriteContext,
    @ConversationId() conversationId: number,
    @GrantedScopes() granted: readonly Scope[],
    @QueryInput() query: ActivityLogQuery,
    @Paged() pages: Pages,
  ) {
    const request = pages.requested(query);
    const list = new ListActivity({ organizationId, of: { conversationId }, request, granted });
    return pages.answer(await this.queries.execute(list));
  }
}

import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { Caller } from '#libs/http/request-context.js';
import { type ConversationFlow, ListFlowsOutput } from './flows.dto.js';
import { ListFlows } from './flows.handlers.js';

@ApiTags('Conversations')
@Controller('v1/conversations/flows')
export class FlowsController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Endpoint({
    operationId: 'Conversations_listFlows',
    summary: 'List the flows by which conversations come in.',
    description:
      'Each contact endpoint is a flow: e-mail addresses are for e-mail, phone numbers for calls. All lead to the default queue.',
    success: [200, 'The list of flows', ListFlowsOutput],
  })
  async list(@Caller() { organizationId }: WriteContext): Promise<{ data: ConversationFlow[] }> {
    return { data: await this.queries.execute(new ListFlows({ organizationId })) };
  }
}

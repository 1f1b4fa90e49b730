import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { QueryInput } from '#libs/http/input.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { Caller } from '#libs/http/request-context.js';
import { ListAllDeliveries } from './all-deliveries.handlers.js';
import { type AnyDeliveryOutput, ListAllDeliveriesOutput, ListAllDeliveriesQuery } from './deliveries.dto.js';

@ApiTags('Webhooks')
@Controller('v1/webhooks/deliveries')
export class AllDeliveriesController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Endpoint({
    operationId: 'WebhookDeliveries_listAll',
    summary: 'List the deliveries of all webhook subscriptions.',
    description:
      'Newest first. Filters can be combined: `state=exhausted` lists what was given up. Deliveries of deleted subscriptions are included while they are kept.',
    success: [200, 'A page of the deliveries', ListAllDeliveriesOutput],
    errors: [],
  })
  async listAll(
    @Caller() { organizationId }: WriteContext,
    @QueryInput() query: ListAllDeliveriesQuery,
    @Paged() pages: Pages,
  ) {
    const request = pages.requested(query);
    const page = await this.queries.execute(new ListAllDeliveries({ organizationId, filters: query, request }));
    return pages.answer<AnyDeliveryOutput>(page);
  }
}

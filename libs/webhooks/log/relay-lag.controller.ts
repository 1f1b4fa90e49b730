import { Controller, Get } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { Caller } from '#libs/http/request-context.js';
import { GetRelayLagOutput, type RelayLag } from './relay-lag.dto.js';
import { GetRelayLag } from './relay-lag.handler.js';

@ApiTags('Webhooks')
@Controller('v1/webhooks/relay-lag')
export class RelayLagController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Endpoint({
    operationId: 'WebhookDeliveries_getRelayLag',
    summary: 'Get how far the delivery of events is behind.',
    description:
      'Events become deliveries within a second, if a worker runs and keeps up. The lists of deliveries show those that exist and wait.',
    success: [200, 'The events that are not deliveries yet', GetRelayLagOutput],
    errors: [],
  })
  async get(@Caller() { organizationId }: WriteContext): Promise<{ data: RelayLag }> {
    return { data: await this.queries.execute(new GetRelayLag({ organizationId })) };
  }
}

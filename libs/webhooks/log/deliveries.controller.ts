import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { QueryInput } from '#libs/http/input.js';
import { Post } from '#libs/http/methods.js';
import { Paged, Pages } from '#libs/http/paging.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller, GrantedScopes } from '#libs/http/request-context.js';
import { type Scope } from '#libs/platform/scopes.js';
import {
  CancelDeliveryOutput,
  type DeliveryDetailsOutput,
  type DeliveryOutput,
  GetDeliveryOutput,
  ListDeliveriesOutput,
  ListDeliveriesQuery,
  RetryDeliveryOutput,
} from './deliveries.dto.js';
import { CancelDelivery, GetDelivery, ListDeliveries, RetryDelivery } from './deliveries.handlers.js';
import { PAYLOAD_MASKED } from './payload-and-response.shown.js';

const SubscriptionId = () => UuidParam('webhookSubscriptionId', 'The webhook subscription id.');
const DeliveryId = () =>
  UuidParam('deliveryId', 'The delivery id. It equals the event id, which receivers see as `webhook-id`.');

@ApiTags('Webhooks')
@Controller('v1/webhooks/:webhookSubscriptionId/deliveries')
export class WebhookDeliveriesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List the deliveries of a webhook subscription.',
    description: 'Newest first. Filters can be combined.',
    success: [200, 'A page of the deliveries', ListDeliveriesOutput],
    errors: [404],
  })
  async list(
    @Caller() { organizationId }: WriteContext,
    @SubscriptionId() subscriptionId: string,
    @QueryInput() query: ListDeliveriesQuery,
    @Paged() pages: Pages,
  ) {
    const page = pages.requested(query);
    return pages.answer<DeliveryOutput>(
      await this.queries.execute(new ListDeliveries({ organizationId, subscriptionId, filters: query, request: page })),
    );
  }

  @Get(':deliveryId')
  @Endpoint({
    summary: 'Get a delivery of a webhook subscription by id.',
    description: `The answer includes the payload and the attempts, as long as they are kept. ${PAYLOAD_MASKED}`,
    success: [200, 'The delivery', GetDeliveryOutput],
    errors: [404],
  })
  async getById(
    @Caller() { organizationId }: WriteContext,
    @SubscriptionId() subscriptionId: string,
    @DeliveryId() id: string,
    @GrantedScopes() granted: readonly Scope[],
  ): Promise<{ data: DeliveryDetailsOutput }> {
    return { data: await this.queries.execute(new GetDelivery({ organizationId, subscriptionId, id, granted })) };
  }

  @Post(':deliveryId/retry')
  @Endpoint({
    summary: 'Retry a delivery.',
    description:
      'A pending delivery becomes due at once. A delivery that was delivered or given up becomes pending again, and all attempts of the schedule are possible again. A pause of the subscription ends; in `fifo` order the delivery waits for its turn. Refused if the payload is no longer kept.',
    success: [202, 'The pending delivery', RetryDeliveryOutput],
    errors: [404, 409],
  })
  async retry(
    @Caller() { organizationId }: WriteContext,
    @SubscriptionId() subscriptionId: string,
    @DeliveryId() id: string,
  ): Promise<{ data: DeliveryOutput }> {
    return { data: await this.commands.execute(new RetryDelivery({ organizationId, subscriptionId, id })) };
  }

  @Post(':deliveryId/cancel')
  @Endpoint({
    summary: 'Cancel a delivery.',
    description:
      'A pending delivery is given up and not sent again. In `fifo` order the next delivery follows at once. An attempt under way is not interrupted; if the receiver accepts it, the delivery becomes `delivered`. Cancelling a cancelled delivery changes nothing. Delivered and exhausted deliveries cannot be cancelled. Retrying the delivery, or recovering the period of its event, makes it pending again.',
    success: [200, 'The cancelled delivery', CancelDeliveryOutput],
    errors: [404, 409],
  })
  async cancel(
    @Caller() { organizationId }: WriteContext,
    @SubscriptionId() subscriptionId: string,
    @DeliveryId() id: string,
  ): Promise<{ data: DeliveryOutput }> {
    return { data: await this.commands.execute(new CancelDelivery({ organizationId, subscriptionId, id })) };
  }
}

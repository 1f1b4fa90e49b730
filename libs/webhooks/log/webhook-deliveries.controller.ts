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
import { EXCHANGE_MASKED } from './shown-exchange.js';

const SubscriptionId = () => UuidParam('webhookSubscriptionId', 'The webhook subscription id.');
const DeliveryId = () => UuidParam('deliveryId', 'The delivery id, which is the event’s: `webhook-id`.');

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
    description: 'The newest first. Filters can be combined.',
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
    description: `With the payload and the attempts, as long as they are kept. ${EXCHANGE_MASKED}`,
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
    summary: 'Deliver once more.',
    description:
      'A delivery that is pending becomes due now. One that was delivered or given up is pending again, with all its attempts before it. A pause of the subscription ends; in `fifo` order its turn is waited for. Refused once the payload is kept no longer.',
    success: [202, 'The delivery, which is pending now', RetryDeliveryOutput],
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
      'A delivery that is pending is given up: nothing more of it is sent. In `fifo` order the next one goes at once. An attempt that is under way goes on; if the receiver takes it, the delivery is `delivered` after all. One that is cancelled already is answered as it is. Refused when it has been delivered or its last attempt has failed. Retrying it, or recovering the time of its event, makes it pending again.',
    success: [200, 'The delivery, which is cancelled', CancelDeliveryOutput],
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

import { Controller, Delete, Get, Patch, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { instanceToPlain } from 'class-transformer';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/platform/http/endpoint.js';
import { Input, Patch as PatchBody, TextParam, UuidParam } from '#libs/platform/http/input.js';
import { Caller } from '#libs/platform/http/request-context.js';
import { type ShownEventType, shownEventTypes } from './catalogue.js';
import { type SubscriptionSettings } from './subscription.js';
import { GetDeliveryLogs, GetDeliveryStatus } from './delivery-log.handlers.js';
import {
  CreateWebhookSubscriptionInput,
  CreateWebhookSubscriptionOutput,
  type EventDeliveryLog,
  type EventDeliveryStatus,
  GetDeliveryLogsOutput,
  GetDeliveryStatusOutput,
  GetWebhookSubscriptionOutput,
  ListEventTypesOutput,
  ListWebhookSubscriptionsOutput,
  PatchWebhookSubscriptionInput,
  PatchWebhookSubscriptionOutput,
  type WebhookSubscriptionOutput,
} from './webhooks.dto.js';
import {
  CreateSubscription,
  DeleteSubscription,
  GetSubscription,
  ListSubscriptions,
  UpdateSubscription,
} from './webhooks.handlers.js';

const SubscriptionId = () => UuidParam('webhookSubscriptionId', 'The webhook subscription id.');

@ApiTags('Webhooks')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Endpoint({
    summary: 'List all webhook subscriptions in an organization.',
    description: 'Oldest first.',
    success: [200, 'The list of webhook subscriptions', ListWebhookSubscriptionsOutput],
  })
  async listSubscriptions(@Caller() caller: WriteContext): Promise<{ data: WebhookSubscriptionOutput[] }> {
    return { data: await this.queries.execute(new ListSubscriptions(caller.organizationId)) };
  }

  @Post()
  @Endpoint({
    summary: 'Create a webhook subscription.',
    description: 'It receives the events that happen from now on. Its `secretKey` is generated.',
    success: [201, 'The created webhook subscription', CreateWebhookSubscriptionOutput],
  })
  async createSubscription(
    @Caller() caller: WriteContext,
    @Input()
    { events = [], enabled = true, customHeaders = {}, filters = {}, ...input }: CreateWebhookSubscriptionInput,
  ): Promise<{ data: WebhookSubscriptionOutput }> {
    const settings = instanceToPlain({
      ...input,
      events,
      enabled,
      customHeaders,
      filters,
      ordering: 'unordered',
      maxPerSecond: null,
    }) as SubscriptionSettings;
    return { data: await this.commands.execute(new CreateSubscription(caller, settings)) };
  }

  @Get('event-types')
  @Endpoint({
    summary: 'List all events that can be subscribed to.',
    description: 'With an example of what is sent, and the JSON Schema of its `data`.',
    success: [200, 'The list of events', ListEventTypesOutput],
  })
  listEventTypes(): { data: ShownEventType[] } {
    return { data: shownEventTypes() };
  }

  @Get(':webhookSubscriptionId')
  @Endpoint({
    summary: 'Get a webhook subscription by id.',
    success: [200, 'The webhook subscription', GetWebhookSubscriptionOutput],
    errors: [404],
  })
  async getSubscriptionById(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
  ): Promise<{ data: WebhookSubscriptionOutput }> {
    return { data: await this.queries.execute(new GetSubscription(caller.organizationId, id)) };
  }

  @Patch(':webhookSubscriptionId')
  @Endpoint({
    summary: 'Patch a webhook subscription.',
    description:
      'Changes only the fields that are named; lists and maps are replaced as a whole. Deliveries that are waiting go to the new URL. Fields that do not exist are refused.',
    success: [200, 'The patched webhook subscription', PatchWebhookSubscriptionOutput],
    errors: [404, 409],
  })
  async updateSubscription(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
    @PatchBody() changes: PatchWebhookSubscriptionInput,
  ): Promise<{ data: WebhookSubscriptionOutput }> {
    return { data: await this.commands.execute(new UpdateSubscription(caller, id, instanceToPlain(changes))) };
  }

  @Delete(':webhookSubscriptionId')
  @Endpoint({
    summary: 'Delete a webhook subscription.',
    description: 'Deliveries that are waiting are cancelled.',
    success: [204, 'The webhook subscription was successfully deleted'],
    errors: [404, 409],
  })
  async deleteSubscription(@Caller() caller: WriteContext, @SubscriptionId() id: string): Promise<void> {
    await this.commands.execute(new DeleteSubscription(caller, id));
  }

  @Get(':webhookSubscriptionId/delivery-status')
  @Endpoint({
    summary: 'Get the latest delivery statuses of a webhook subscription.',
    description: 'One entry for each subscribed event.',
    success: [200, 'The latest delivery statuses of a webhook subscription', GetDeliveryStatusOutput],
    errors: [404],
  })
  async getDeliveryStatus(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
  ): Promise<{ data: EventDeliveryStatus[] }> {
    return { data: await this.queries.execute(new GetDeliveryStatus(caller.organizationId, id)) };
  }

  @Get(':webhookSubscriptionId/delivery-status/logs/:event')
  @Endpoint({
    summary: 'Get the latest delivery logs of a webhook subscription for one event.',
    description: 'The last 100 attempts, newest first, with the payload as it was sent.',
    success: [200, 'The webhook subscription event logs', GetDeliveryLogsOutput],
    errors: [404],
  })
  async getDeliveryStatusLogs(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
    @TextParam('event', 'The name of an event.', 'TagCreated') event: string,
  ): Promise<{ data: EventDeliveryLog[] }> {
    return { data: await this.queries.execute(new GetDeliveryLogs(caller.organizationId, id, event)) };
  }
}

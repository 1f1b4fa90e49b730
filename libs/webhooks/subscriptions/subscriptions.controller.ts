import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { instanceToPlain } from 'class-transformer';
import { type WriteContext } from '#libs/event-store/event.js';
import { AsOf } from '#libs/http/as-of.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, StrictBody, OptionalStrictBody } from '#libs/http/input.js';
import { Delete, Patch, Post, PostWithoutKey } from '#libs/http/methods.js';
import { TextParam, UuidParam } from '#libs/http/path-params.js';
import { Caller, GrantedScopes, May } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type ShownEventType, shownEventTypes } from '../catalogue/catalogue.published.js';
import { ListEventTypesOutput } from '../catalogue/event-types.dto.js';
import {
  type EventDeliveryLog,
  type EventDeliveryStatus,
  GetDeliveryLogsOutput,
  GetDeliveryStatusOutput,
} from '../log/delivery-logs.dto.js';
import { GetDeliveryLogs, GetDeliveryStatus } from '../log/delivery-logs.handlers.js';
import { PAYLOAD_MASKED } from '../log/payload-and-response.shown.js';
import {
  CreateWebhookSubscriptionInput,
  PatchWebhookSubscriptionInput,
  RotateWebhookSecretInput,
  TestWebhookSubscriptionInput,
} from './subscription-inputs.dto.js';
import {
  CreateWebhookSubscriptionOutput,
  GetWebhookSubscriptionOutput,
  ListWebhookSubscriptionsOutput,
  PatchWebhookSubscriptionOutput,
  RotateWebhookSecretOutput,
  type TestResultOutput,
  TestWebhookSubscriptionOutput,
  type WebhookSubscriptionOutput,
} from './subscription-outputs.dto.js';
import { type SubscriptionSettings } from './subscription.rules.js';
import { subscriptionStream } from './subscription.stream.js';
import {
  CreateSubscription,
  DeleteSubscription,
  GetSubscription,
  ListSubscriptions,
  RotateSecret,
  UpdateSubscription,
} from './subscriptions.handlers.js';
import { TestSubscription } from './test-subscription.handler.js';

const DEFAULT_OVERLAP_HOURS = 24;
const SubscriptionId = () => UuidParam('webhookSubscriptionId', 'The webhook subscription id.');

const DEFAULTS: Partial<SubscriptionSettings> = {
  events: [],
  enabled: true,
  customHeaders: {},
  filters: {},
  ordering: 'unordered',
  maxPerSecond: null,
};

const MASKED = 'The secret key and the values of headers are `***` to tokens without the scope `webhooks:write`.';

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
    description: `Oldest first. ${MASKED}`,
    success: [200, 'The list of webhook subscriptions', ListWebhookSubscriptionsOutput],
  })
  async listSubscriptions(
    @Caller() { organizationId }: WriteContext,
    @May('webhooks:write') mayWrite: boolean,
  ): Promise<{ data: WebhookSubscriptionOutput[] }> {
    return { data: await this.queries.execute(new ListSubscriptions({ organizationId, inClear: mayWrite })) };
  }

  @Post()
  @Versioned(subscriptionStream)
  @Endpoint({
    summary: 'Create a webhook subscription.',
    description: 'The subscription receives the events that happen from now on. Its `secretKey` is generated.',
    success: [201, 'The created webhook subscription', CreateWebhookSubscriptionOutput],
    errors: [404, 409],
  })
  async createSubscription(
    @Caller() caller: WriteContext,
    @LenientBody() input: CreateWebhookSubscriptionInput,
  ): Promise<{ data: WebhookSubscriptionOutput }> {
    const settings = { ...DEFAULTS, ...instanceToPlain(input, { exposeUnsetFields: false }) } as SubscriptionSettings;
    return { data: await this.commands.execute(new CreateSubscription({ context: caller, settings })) };
  }

  @Get('event-types')
  @Endpoint({
    summary: 'List all events that can be subscribed to.',
    description: 'Each event type comes with an example payload and the JSON Schema of its `data`.',
    success: [200, 'The list of events', ListEventTypesOutput],
  })
  listEventTypes(): { data: ShownEventType[] } {
    return { data: shownEventTypes() };
  }

  @Get(':webhookSubscriptionId')
  @Versioned(subscriptionStream, 'webhookSubscriptionId')
  @Endpoint({
    summary: 'Get a webhook subscription by id.',
    description: `${MASKED} With \`asOf\` they are \`***\` to all, and there is no \`health\`.`,
    success: [200, 'The webhook subscription', GetWebhookSubscriptionOutput],
    errors: [404],
  })
  async getSubscriptionById(
    @Caller() { organizationId }: WriteContext,
    @SubscriptionId() id: string,
    @May('webhooks:write') mayWrite: boolean,
    @AsOf() asOf?: Date,
  ): Promise<{ data: WebhookSubscriptionOutput }> {
    return { data: await this.queries.execute(new GetSubscription({ organizationId, id, inClear: mayWrite, asOf })) };
  }

  @Patch(':webhookSubscriptionId')
  @Versioned(subscriptionStream, 'webhookSubscriptionId')
  @Endpoint({
    summary: 'Patch a webhook subscription.',
    description:
      'Only the fields that are sent change; lists and maps are replaced as a whole. Waiting deliveries go to the new URL. Waiting deliveries that `events` or `filters` now exclude are cancelled soon after. Unknown fields are refused.',
    success: [200, 'The patched webhook subscription', PatchWebhookSubscriptionOutput],
    errors: [404, 409],
  })
  async updateSubscription(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
    @StrictBody() changes: PatchWebhookSubscriptionInput,
  ): Promise<{ data: WebhookSubscriptionOutput }> {
    return {
      data: await this.commands.execute(
        new UpdateSubscription({ context: caller, id, changes: instanceToPlain(changes) }),
      ),
    };
  }

  @Post(':webhookSubscriptionId/rotate-secret')
  @Versioned(subscriptionStream, 'webhookSubscriptionId')
  @Endpoint({
    summary: 'Rotate the secret key of a webhook subscription.',
    description:
      'Deliveries are signed with the new key at once, and also with the replaced key until the overlap ends. Keys from earlier rotations keep their time. At most three keys are in use at the same time; beyond that, the answer is 409 and says when the next one ends. An overlap of 0 is always possible and retires the current key at once. Unknown fields are refused.',
    success: [200, 'The webhook subscription with its new key', RotateWebhookSecretOutput],
    errors: [404, 409],
  })
  async rotateSecret(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
    @OptionalStrictBody() { overlapHours = DEFAULT_OVERLAP_HOURS }: RotateWebhookSecretInput,
  ): Promise<{ data: WebhookSubscriptionOutput }> {
    return { data: await this.commands.execute(new RotateSecret({ context: caller, id, overlapHours })) };
  }

  @PostWithoutKey(':webhookSubscriptionId/test')
  @Endpoint({
    summary: 'Send an example event to a webhook subscription.',
    description:
      'Sends one request at once, also while the subscription is disabled, with the headers and signatures of a delivery. The answer is the result; nothing is stored.',
    success: [200, 'The result of the attempt', TestWebhookSubscriptionOutput],
    errors: [404],
  })
  async testSubscription(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
    @LenientBody() { event }: TestWebhookSubscriptionInput,
  ): Promise<{ data: TestResultOutput }> {
    return {
      data: await this.commands.execute(new TestSubscription({ organizationId: caller.organizationId, id, event })),
    };
  }

  @Delete(':webhookSubscriptionId')
  @Versioned(subscriptionStream, 'webhookSubscriptionId')
  @Endpoint({
    summary: 'Delete a webhook subscription.',
    description: 'Waiting deliveries are cancelled.',
    success: [204, 'The webhook subscription was successfully deleted'],
    errors: [404, 409],
  })
  async deleteSubscription(@Caller() caller: WriteContext, @SubscriptionId() id: string): Promise<void> {
    await this.commands.execute(new DeleteSubscription({ context: caller, id }));
  }

  @Get(':webhookSubscriptionId/delivery-status')
  @Endpoint({
    summary: 'Get the latest delivery statuses of a webhook subscription.',
    description: `Has one entry for each subscribed event. ${PAYLOAD_MASKED}`,
    success: [200, 'The latest delivery statuses of a webhook subscription', GetDeliveryStatusOutput],
    errors: [404],
  })
  async getDeliveryStatus(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
    @GrantedScopes() granted: readonly Scope[],
  ): Promise<{ data: EventDeliveryStatus[] }> {
    return {
      data: await this.queries.execute(
        new GetDeliveryStatus({ organizationId: caller.organizationId, subscriptionId: id, granted }),
      ),
    };
  }

  @Get(':webhookSubscriptionId/delivery-status/logs/:event')
  @Endpoint({
    summary: 'Get the latest delivery logs of a webhook subscription for one event.',
    description: `Lists the last 100 attempts, newest first, with the payload that was sent. ${PAYLOAD_MASKED}`,
    success: [200, 'The webhook subscription event logs', GetDeliveryLogsOutput],
    errors: [404],
  })
  async getDeliveryStatusLogs(
    @Caller() caller: WriteContext,
    @SubscriptionId() id: string,
    @TextParam('event', 'The name of an event.', 'TagCreated') event: string,
    @GrantedScopes() granted: readonly Scope[],
  ): Promise<{ data: EventDeliveryLog[] }> {
    return {
      data: await this.queries.execute(
        new GetDeliveryLogs({ organizationId: caller.organizationId, subscriptionId: id, event, granted }),
      ),
    };
  }
}

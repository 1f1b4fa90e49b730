import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { StrictBody } from '#libs/http/input.js';
import { Post } from '#libs/http/methods.js';
import { UuidParam } from '#libs/http/path-params.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import {
  GetRecoveryOutput,
  ListRecoveriesOutput,
  type RecoveryOutput,
  RecoverWebhookInput,
  RequestRecoveryOutput,
} from './recoveries.dto.js';
import { GetRecovery, ListRecoveries, RequestRecovery } from './recoveries.handlers.js';
import { recoveryStream } from './recovery.stream.js';

const SubscriptionId = () => UuidParam('webhookSubscriptionId', 'The webhook subscription id.');

@ApiTags('Webhooks')
@Controller('v1/webhooks/:webhookSubscriptionId')
export class WebhookRecoveriesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('recover')
  @Versioned(recoveryStream)
  @Endpoint({
    summary: 'Deliver the events of a period again.',
    description:
      'Delivers the events that the subscription’s current `events` and `filters` select, in the background. Payloads that are no longer kept are built again. While a recovery of the same period is running, the request returns that one. Unknown fields are refused.',
    success: [202, 'The recovery', RequestRecoveryOutput],
    errors: [404, 409],
  })
  async recover(
    @Caller() caller: WriteContext,
    @SubscriptionId() subscriptionId: string,
    @StrictBody() { since, until, onlyMissing = true }: RecoverWebhookInput,
  ): Promise<{ data: RecoveryOutput }> {
    const scope = { since, ...(until !== undefined && { until }), onlyMissing };
    return { data: await this.commands.execute(new RequestRecovery({ context: caller, subscriptionId, scope })) };
  }

  @Get('recoveries')
  @Endpoint({
    summary: 'List the recoveries of a webhook subscription.',
    description: 'Lists the latest 100 recoveries, newest first.',
    success: [200, 'The list of recoveries', ListRecoveriesOutput],
    errors: [404],
  })
  async list(
    @Caller() { organizationId }: WriteContext,
    @SubscriptionId() subscriptionId: string,
  ): Promise<{ data: RecoveryOutput[] }> {
    return { data: await this.queries.execute(new ListRecoveries({ organizationId, subscriptionId })) };
  }

  @Get('recoveries/:recoveryId')
  @Versioned(recoveryStream, 'recoveryId')
  @Endpoint({
    summary: 'Get a recovery of a webhook subscription by id.',
    description: 'Shows how many events the recovery has examined, and how many of them it delivers.',
    success: [200, 'The recovery', GetRecoveryOutput],
    errors: [404],
  })
  async getById(
    @Caller() { organizationId }: WriteContext,
    @SubscriptionId() subscriptionId: string,
    @UuidParam('recoveryId', 'The recovery id.') id: string,
  ): Promise<{ data: RecoveryOutput }> {
    return { data: await this.queries.execute(new GetRecovery({ organizationId, subscriptionId, id })) };
  }
}

import { Module } from '@nestjs/common';
import { SenderModule } from './delivery/sending/sender.module.js';
import {
  CancelDeliveryHandler,
  GetDeliveryHandler,
  ListDeliveriesHandler,
  RetryDeliveryHandler,
} from './log/deliveries.handlers.js';
import { GetDeliveryLogsHandler, GetDeliveryStatusHandler } from './log/delivery-logs.handlers.js';
import { AllDeliveriesController } from './log/all-deliveries.controller.js';
import { ListAllDeliveriesHandler } from './log/all-deliveries.handlers.js';
import { DeliveryReader } from './log/delivery.reader.js';
import { WebhookDeliveriesController } from './log/deliveries.controller.js';
import { RelayLagController } from './log/relay-lag.controller.js';
import { GetRelayLagHandler } from './log/relay-lag.handler.js';
import { GetRecoveryHandler, ListRecoveriesHandler, RequestRecoveryHandler } from './recovery/recoveries.handlers.js';
import { RecoveryReader } from './recovery/recovery.reader.js';
import { WebhookRecoveriesController } from './recovery/recoveries.controller.js';
import { SubscriptionReader } from './subscriptions/subscription.reader.js';
import {
  CreateSubscriptionHandler,
  DeleteSubscriptionHandler,
  GetSubscriptionHandler,
  ListSubscriptionsHandler,
  RotateSecretHandler,
  UpdateSubscriptionHandler,
} from './subscriptions/subscriptions.handlers.js';
import { TestSubscriptionHandler } from './subscriptions/test-subscription.handler.js';
import { WebhooksController } from './subscriptions/subscriptions.controller.js';

/** Webhook subscriptions and their deliveries over HTTP. The worker delivers: see `delivery/`. */
@Module({
  imports: [SenderModule],
  controllers: [
    ...[RelayLagController, WebhooksController, AllDeliveriesController],
    ...[WebhookDeliveriesController, WebhookRecoveriesController],
  ],
  providers: [
    ...[SubscriptionReader, DeliveryReader, RecoveryReader],
    ...[CreateSubscriptionHandler, UpdateSubscriptionHandler, RotateSecretHandler, DeleteSubscriptionHandler],
    ...[GetSubscriptionHandler, ListSubscriptionsHandler, TestSubscriptionHandler],
    ...[GetDeliveryStatusHandler, GetDeliveryLogsHandler, GetRelayLagHandler],
    ...[
      ListAllDeliveriesHandler,
      ListDeliveriesHandler,
      GetDeliveryHandler,
      RetryDeliveryHandler,
      CancelDeliveryHandler,
    ],
    ...[RequestRecoveryHandler, ListRecoveriesHandler, GetRecoveryHandler],
  ],
})
export class WebhooksModule {}

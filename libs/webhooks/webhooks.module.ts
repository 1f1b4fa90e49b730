import { Module } from '@nestjs/common';
import {
  CancelDeliveryHandler,
  GetDeliveryHandler,
  ListDeliveriesHandler,
  RetryDeliveryHandler,
} from './deliveries.handlers.js';
import { GetDeliveryLogsHandler, GetDeliveryStatusHandler } from './delivery-log.handlers.js';
import { DeliveryReader } from './delivery.reader.js';
import { SenderModule } from './delivery/sender.module.js';
import { GetRecoveryHandler, ListRecoveriesHandler, RequestRecoveryHandler } from './recoveries.handlers.js';
import { RecoveryReader } from './recovery.reader.js';
import { SubscriptionReader } from './subscription.reader.js';
import { TestSubscriptionHandler } from './test-subscription.handler.js';
import { WebhookDeliveriesController } from './webhook-deliveries.controller.js';
import { WebhookRecoveriesController } from './webhook-recoveries.controller.js';
import { WebhooksController } from './webhooks.controller.js';
import {
  CreateSubscriptionHandler,
  DeleteSubscriptionHandler,
  GetSubscriptionHandler,
  ListSubscriptionsHandler,
  RotateSecretHandler,
  UpdateSubscriptionHandler,
} from './webhooks.handlers.js';

/** Webhook subscriptions and their deliveries over HTTP. Delivering is the worker's: see `delivery/`. */
@Module({
  imports: [SenderModule],
  controllers: [WebhooksController, WebhookDeliveriesController, WebhookRecoveriesController],
  providers: [
    ...[SubscriptionReader, DeliveryReader, RecoveryReader],
    ...[CreateSubscriptionHandler, UpdateSubscriptionHandler, RotateSecretHandler, DeleteSubscriptionHandler],
    ...[GetSubscriptionHandler, ListSubscriptionsHandler, TestSubscriptionHandler],
    ...[GetDeliveryStatusHandler, GetDeliveryLogsHandler],
    ...[ListDeliveriesHandler, GetDeliveryHandler, RetryDeliveryHandler, CancelDeliveryHandler],
    ...[RequestRecoveryHandler, ListRecoveriesHandler, GetRecoveryHandler],
  ],
})
export class WebhooksModule {}

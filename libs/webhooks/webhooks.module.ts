import { Module } from '@nestjs/common';
import { GetDeliveryLogsHandler, GetDeliveryStatusHandler } from './delivery-log.handlers.js';
import { WebhooksController } from './webhooks.controller.js';
import {
  CreateSubscriptionHandler,
  DeleteSubscriptionHandler,
  GetSubscriptionHandler,
  ListSubscriptionsHandler,
  SubscriptionReader,
  UpdateSubscriptionHandler,
} from './webhooks.handlers.js';

/** Webhook subscriptions over HTTP. Delivering to them is the worker's: see `delivery/`. */
@Module({
  controllers: [WebhooksController],
  providers: [
    SubscriptionReader,
    CreateSubscriptionHandler,
    UpdateSubscriptionHandler,
    DeleteSubscriptionHandler,
    GetSubscriptionHandler,
    ListSubscriptionsHandler,
    GetDeliveryStatusHandler,
    GetDeliveryLogsHandler,
  ],
})
export class WebhooksModule {}

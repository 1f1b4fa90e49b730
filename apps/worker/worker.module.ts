import { Module } from '@nestjs/common';
import { DeliveryModule } from '#libs/webhooks/delivery/delivery.module.js';

/** What runs in the background. */
@Module({ imports: [DeliveryModule] })
export class WorkerModule {}

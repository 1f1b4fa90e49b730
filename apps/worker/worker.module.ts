import { Module } from '@nestjs/common';
import { AnonymizerModule } from '#libs/anonymization/anonymizer.module.js';
import { FollowUpsModule } from '#libs/conversations/follow-ups.module.js';
import { DeliveryModule } from '#libs/webhooks/delivery/delivery.module.js';

/** What runs in the background. */
@Module({ imports: [DeliveryModule, FollowUpsModule, AnonymizerModule] })
export class WorkerModule {}

import { Module } from '@nestjs/common';
import { PresenceRecorder } from '#libs/agents/presence-recorder.js';
import { PresenceSweeper } from '#libs/agents/presence-sweeper.js';
import { AnonymizerModule } from '#libs/anonymization/anonymizer.module.js';
import { FirstMessages } from '#libs/conversations/first-messages.js';
import { FollowUps } from '#libs/conversations/follow-ups.js';
import { IdempotencyRetention } from '#libs/http/idempotency-retention.js';
import { DeliveryModule } from '#libs/webhooks/delivery/delivery.module.js';
import { RowRenewal } from './row-renewal.js';

/** The module of background work. */
@Module({
  imports: [DeliveryModule, AnonymizerModule],
  providers: [FirstMessages, FollowUps, IdempotencyRetention, PresenceRecorder, PresenceSweeper, RowRenewal],
})
export class WorkerModule {}

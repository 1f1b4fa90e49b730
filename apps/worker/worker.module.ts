import { Module } from '@nestjs/common';
import { PresenceRecorder } from '#libs/agents/presence-recorder.js';
import { PresenceSweeper } from '#libs/agents/presence-sweeper.js';
import { DeliveryModule } from '#libs/webhooks/delivery/delivery.module.js';

/** What runs in the background. */
@Module({ imports: [DeliveryModule], providers: [PresenceRecorder, PresenceSweeper] })
export class WorkerModule {}

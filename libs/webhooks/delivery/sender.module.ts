import { Module } from '@nestjs/common';
import { WebhookOptions } from '../options.js';
import { Sender } from './attempt.js';
@Module({
  providers: [{ provide: Sender, inject: [WebhookOptions], useFactory: (o: WebhookOptions) => new Sender(o) }],
  exports: [Sender],
})
export class SenderModule {}

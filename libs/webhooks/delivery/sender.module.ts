import { Module } from '@nestjs/common';
import { Sender } from './attempt.js';
import { TargetPolicy } from './target.js';

/** What the API (tests of a subscription) and the worker (deliveries) both send with. */
@Module({ providers: [TargetPolicy, Sender], exports: [TargetPolicy, Sender] })
export class SenderModule {}

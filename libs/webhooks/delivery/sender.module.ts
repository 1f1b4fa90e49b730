import { Module } from '@nestjs/common';
import { Sender } from './attempt.js';
import { TargetPolicy } from './target.js';

/** What sends deliveries, and says where they may go. */
@Module({ providers: [TargetPolicy, Sender], exports: [TargetPolicy, Sender] })
export class SenderModule {}

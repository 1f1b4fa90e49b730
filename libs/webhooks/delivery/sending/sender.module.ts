import { Module } from '@nestjs/common';
import { Sender } from './attempt.js';
import { SsrfGuard } from './ssrf-guard.js';

/** What the API (tests of a subscription) and the worker (deliveries) both send with. */
@Module({ providers: [SsrfGuard, Sender], exports: [SsrfGuard, Sender] })
export class SenderModule {}

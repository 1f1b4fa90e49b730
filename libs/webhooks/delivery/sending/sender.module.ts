import { Module } from '@nestjs/common';
import { Sender } from './attempt.js';
import { SsrfGuard } from './ssrf-guard.js';

/** The sender of the API (tests of a subscription) and of the worker (deliveries). */
@Module({ providers: [SsrfGuard, Sender], exports: [SsrfGuard, Sender] })
export class SenderModule {}

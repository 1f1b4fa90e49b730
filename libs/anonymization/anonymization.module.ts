import { Module } from '@nestjs/common';
import { AnonymizationController } from './anonymization.controller.js';
import {
  GetAnonymizationRequestHandler,
  RequestConversationAnonymizationHandler,
  RequestMessageAnonymizationHandler,
  RequestUserAnonymizationHandler,
} from './anonymization.handlers.js';

@Module({
  controllers: [AnonymizationController],
  providers: [
    GetAnonymizationRequestHandler,
    RequestConversationAnonymizationHandler,
    RequestMessageAnonymizationHandler,
    RequestUserAnonymizationHandler,
  ],
})
export class AnonymizationModule {}

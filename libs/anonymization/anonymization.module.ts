import { Module } from '@nestjs/common';
import { AnonymizationController } from './anonymization.controller.js';
import {
  GetAnonymizationRequestHandler,
  RequestConversationAnonymizationHandler,
  RequestUserAnonymizationHandler,
} from './anonymization.handlers.js';

@Module({
  controllers: [AnonymizationController],
  providers: [GetAnonymizationRequestHandler, RequestConversationAnonymizationHandler, RequestUserAnonymizationHandler],
})
export class AnonymizationModule {}

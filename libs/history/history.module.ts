import { Module } from '@nestjs/common';
import { ConversationsInFull } from '#libs/conversations/conversations-in-full.published.js';
import { ExportPlaces } from './export-places.js';
import { EndUserExportController } from './export.controller.js';
import { ExportEndUserHandler } from './export.handler.js';
import { HISTORY_CONTROLLERS } from './history.controllers.js';
import { GetHistoryHandler } from './history.handlers.js';

/** What has happened to the entities of all resources, and what is held about a person. */
@Module({
  controllers: [...HISTORY_CONTROLLERS, EndUserExportController],
  providers: [ConversationsInFull, GetHistoryHandler, ExportEndUserHandler, ExportPlaces],
})
export class HistoryModule {}

import { Module } from '@nestjs/common';
import { ConversationsInFull, MessageReader } from '#libs/conversations/conversations-in-full.published.js';
import { ExportPlaces } from './export-places.js';
import { EndUserExportController } from './export.controller.js';
import { ExportEndUserHandler } from './export.handler.js';
import { HISTORY_CONTROLLERS } from './history.controllers.js';
import { GetHistoryHandler } from './history.handlers.js';

/** The histories of all resources' entities, and the export of a person's data. */
@Module({
  controllers: [...HISTORY_CONTROLLERS, EndUserExportController],
  providers: [ConversationsInFull, MessageReader, GetHistoryHandler, ExportEndUserHandler, ExportPlaces],
})
export class HistoryModule {}

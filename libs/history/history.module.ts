import { Module } from '@nestjs/common';
import { HISTORY_CONTROLLERS } from './history.controllers.js';
import { GetHistoryHandler } from './history.handlers.js';

/** What has happened to the entities of all resources. */
@Module({
  controllers: HISTORY_CONTROLLERS,
  providers: [GetHistoryHandler],
})
export class HistoryModule {}

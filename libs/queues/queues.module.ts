import { Module } from '@nestjs/common';
import {
  AssignQueueMembersHandler,
  ListQueueMembersHandler,
  RemoveQueueMembersHandler,
} from './queue-members.handlers.js';
import { GetConversationPositionHandler, GetQueueAvailabilityHandler } from './queue-state.handlers.js';
import { QueuesController } from './queues.controller.js';
import {
  CreateQueueHandler,
  GetQueueHandler,
  ListQueuesHandler,
  QueueWriter,
  UpdateQueueHandler,
} from './queues.handlers.js';

@Module({
  controllers: [QueuesController],
  providers: [
    QueueWriter,
    CreateQueueHandler,
    UpdateQueueHandler,
    GetQueueHandler,
    ListQueuesHandler,
    AssignQueueMembersHandler,
    RemoveQueueMembersHandler,
    ListQueueMembersHandler,
    GetQueueAvailabilityHandler,
    GetConversationPositionHandler,
  ],
})
export class QueuesModule {}

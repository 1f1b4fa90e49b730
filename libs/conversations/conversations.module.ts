import { Module } from '@nestjs/common';
import { ConversationIds } from './conversation-ids.js';
import * as queries from './conversation-queries.handlers.js';
import { ConversationsController, EndUserConversationsController } from './conversations.controller.js';
import * as commands from './conversations.handlers.js';

@Module({
  controllers: [ConversationsController, EndUserConversationsController],
  providers: [
    ConversationIds,
    queries.ConversationReader,
    queries.GetConversationHandler,
    queries.ListConversationTagsHandler,
    queries.ListEndUserConversationsHandler,
    queries.ListLinkedConversationsHandler,
    commands.ChangeConversationHandler,
    commands.ClaimConversationHandler,
    commands.CreateConversationHandler,
    commands.LinkConversationHandler,
    commands.TagConversationHandler,
    commands.TransferConversationHandler,
    commands.UpdateConversationAttributesHandler,
  ],
})
export class ConversationsModule {}

import { Module } from '@nestjs/common';
import { ActivityLogController } from './activity-log.controller.js';
import { ListActivityHandler } from './activity-log.handlers.js';
import { TagConversationByNameHandler } from './bulk-tags.handlers.js';
import { ConversationIds } from './conversation-ids.js';
import { ConversationListsController } from './conversation-lists.controller.js';
import * as lists from './conversation-lists.handlers.js';
import * as queries from './conversation-queries.handlers.js';
import { ConversationTagsController } from './conversation-tags.controller.js';
import { ConversationsController } from './conversations.controller.js';
import * as commands from './conversations.handlers.js';
import { EndUserConversationsController } from './end-user-conversations.controller.js';
import { ConversationNotesController } from './notes.controller.js';
import { FlowsController } from './flows.controller.js';
import { ListFlowsHandler } from './flows.handlers.js';
import { ImportConversationsController } from './import-conversations.controller.js';
import { ImportConversationHandler } from './import-conversations.handlers.js';
import { MessageReader } from './message.reader.js';
import { ConversationMessagesController } from './messages.controller.js';
import { AddMessageHandler, ListMessagesHandler } from './messages.handlers.js';
import { AddNotesHandler, ListNotesHandler } from './notes.handlers.js';
import { QueueConversationsController } from './queue-conversations.controller.js';
import { ConversationSearch } from './search/conversation-search.js';
import { HighlightsReader } from './search/highlights.reader.js';
import { SearchController } from './search/search.controller.js';
import { SearchConversationsHandler } from './search/search.handlers.js';

import { ConversationRatingsController } from './ratings.controller.js';
import * as ratings from './ratings.handlers.js';

@Module({
  controllers: [
    ActivityLogController,
    ConversationsController,
    ConversationMessagesController,
    FlowsController,
    ImportConversationsController,
    ConversationListsController,
    ConversationNotesController,
    ConversationRatingsController,
    ConversationTagsController,
    EndUserConversationsController,
    QueueConversationsController,
    SearchController,
  ],
  providers: [
    ConversationIds,
    queries.ConversationReader,
    queries.GetConversationHandler,
    queries.ListConversationTagsHandler,
    queries.ListLinkedConversationsHandler,
    lists.ListConversationsHandler,
    lists.ListEndUserConversationsHandler,
    lists.ListQueueConversationsHandler,
    commands.ChangeConversationHandler,
    commands.ClaimConversationHandler,
    commands.CreateConversationHandler,
    commands.LinkConversationHandler,
    commands.TagConversationHandler,
    commands.TransferConversationHandler,
    commands.UpdateConversationAttributesHandler,
    ImportConversationHandler,
    ListFlowsHandler,
    MessageReader,
    AddMessageHandler,
    ListMessagesHandler,
    ListActivityHandler,
    ratings.ListRatingsHandler,
    ratings.OfferRatingHandler,
    ratings.SubmitRatingHandler,
    AddNotesHandler,
    ListNotesHandler,
    TagConversationByNameHandler,
    ConversationSearch,
    HighlightsReader,
    SearchConversationsHandler,
  ],
})
export class ConversationsModule {}

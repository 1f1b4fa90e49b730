import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Database } from '#libs/database/database.js';
import { type Page, type PageRequest } from '#libs/database/keyset.js';
import { missingEndUser, requesterById } from '#libs/end-users/end-user.published.js';
import { EntityReader, LISTED } from '#libs/event-store/entity-reader.js';
import { notFound } from '#libs/platform/domain-error.js';
import { type JsonText } from '#libs/platform/json-text.js';
import { query } from '#libs/platform/messages.js';
import { queueById } from '#libs/queues/queue.published.js';
import {
  type ConversationOrder,
  type ConversationSearch,
  conversationsWhere,
  LONGEST_WAITING_FIRST,
  ORDERS,
  waitingIn,
} from './conversation-list.js';
import { conversationStream } from './conversation.stream.js';

/** A page of the conversations that match all filters, without their custom attributes. */
export class ListConversations extends query<
  { organizationId: string; search: ConversationSearch; order: ConversationOrder; request: PageRequest },
  Page<JsonText>
>() {}

/** An end user's conversations, newest first. */
export class ListEndUserConversations extends query<
  { organizationId: string; userId: string; request: PageRequest },
  Page<JsonText>
>() {}

/** The conversations that wait in a queue, in the order of their positions. */
export class ListQueueConversations extends query<
  { organizationId: string; queueId: string; request: PageRequest },
  Page<JsonText>
>() {}

@QueryHandler(ListConversations)
export class ListConversationsHandler implements IQueryHandler<ListConversations> {
  constructor(private readonly reader: EntityReader) {}

  execute({ organizationId, search, order, request }: ListConversations): Promise<Page<JsonText>> {
    const keyset = ORDERS[order];
    const select = conversationsWhere(organizationId, [LISTED, ...keyset.selected].join(', '), search);
    return this.reader.page(conversationStream, organizationId, keyset, select, request);
  }
}

@QueryHandler(ListEndUserConversations)
export class ListEndUserConversationsHandler implements IQueryHandler<ListEndUserConversations> {
  constructor(
    private readonly database: Database,
    private readonly lists: ListConversationsHandler,
  ) {}

  async execute({ organizationId, userId, request }: ListEndUserConversations): Promise<Page<JsonText>> {
    const list = { organizationId, search: { requesterId: userId }, order: '-createdAt', request } as const;
    const page = await this.lists.execute(new ListConversations(list));
    if (page.rows.length === 0) await this.#mustExist(organizationId, userId);
    return page;
  }

  async #mustExist(organizationId: string, userId: string): Promise<void> {
    const [endUser] = await this.database.query(organizationId, requesterById(organizationId, userId));
    if (!endUser) throw await missingEndUser(this.database, organizationId, userId);
  }
}

@QueryHandler(ListQueueConversations)
export class ListQueueConversationsHandler implements IQueryHandler<ListQueueConversations> {
  constructor(
    private readonly database: Database,
    private readonly reader: EntityReader,
  ) {}

  async execute({ organizationId, queueId, request }: ListQueueConversations): Promise<Page<JsonText>> {
    const columns = [LISTED, ...LONGEST_WAITING_FIRST.selected].join(', ');
    const select = waitingIn(organizationId, columns, queueId);
    const page = await this.reader.page(conversationStream, organizationId, LONGEST_WAITING_FIRST, select, request);
    if (page.rows.length === 0) await this.#mustExist(organizationId, queueId);
    return page;
  }

  async #mustExist(organizationId: string, queueId: string): Promise<void> {
    const [queue] = await this.database.query(organizationId, queueById(organizationId, queueId));
    if (!queue) throw notFound('Queue', queueId);
  }
}

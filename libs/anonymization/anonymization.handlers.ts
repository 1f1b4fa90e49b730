import { randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import {
  allConversationsClosed,
  openConversationsOf,
  storedMessage,
  type StoredMessage,
} from '#libs/conversations/conversation.published.js';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { Database } from '#libs/database/database.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { decided } from '#libs/event-store/staged.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { type AnonymizationRequestStatus } from './anonymization.dto.js';
import { type AnonymizedEntity } from './anonymization.rules.js';
import { type AnonymizationRow, anonymizationStream } from './anonymization.stream.js';

/**
 * Requests the anonymization of an end user, with the end user's conversations and messages. Returns the request's id.
 */
export class RequestUserAnonymization extends command<
  {
    context: WriteContext;
    userId: string;
    /** Whether to close the end user's conversations first. */
    force: boolean;
  },
  string
>() {}

/** Requests the anonymization of one conversation. Returns the request's id. */
export class RequestConversationAnonymization extends command<
  {
    context: WriteContext;
    conversationId: number;
    /** Whether to close it first. */
    force: boolean;
  },
  string
>() {}

/** Requests the anonymization of one message, and removes its content. Returns the request's id. */
export class RequestMessageAnonymization extends command<
  {
    context: WriteContext;
    messageId: string;
    /** The conversation that must have it, if the caller names one. */
    conversationId?: number;
  },
  string
>() {}

export class GetAnonymizationRequest extends query<
  { organizationId: string; id: string },
  AnonymizationRequestStatus
>() {}

@CommandHandler(RequestUserAnonymization)
export class RequestUserAnonymizationHandler implements ICommandHandler<RequestUserAnonymization> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  /** Guards on both sides ensure that no conversation begins or stays open in the meantime. */
  execute({ context, userId, force }: RequestUserAnonymization): Promise<string> {
    const { organizationId } = context;
    return this.store.retrying(async () => {
      const requestId = randomUUIDv7();
      const endUser = await this.store.load(endUserStream, userId, context);
      const request = decided(endUserStream, userId, endUser, { type: 'RequestAnonymization', id: userId, requestId });
      await this.#closeConversations(context, userId, force);
      await this.store.commit([request, requestOf(requestId, 'User', userId)], context, [
        allConversationsClosed(organizationId, userId),
      ]);
      return requestId;
    });
  }

  async #closeConversations(context: WriteContext, userId: string, force: boolean): Promise<void> {
    const { organizationId } = context;
    for (;;) {
      const statement = openConversationsOf(organizationId, userId);
      const open = await this.database.query<{ id: number }>(organizationId, statement);
      if (open.length === 0) return;
      if (!force) {
        const message = `End user ${userId} has conversations that are not closed; close them, or use force=true`;
        throw new DomainError('conflict', message);
      }
      for (const { id } of open) {
        await this.store.handle(conversationStream, String(id), context, { type: 'CloseConversation', id });
      }
    }
  }
}

@CommandHandler(RequestConversationAnonymization)
export class RequestConversationAnonymizationHandler implements ICommandHandler<RequestConversationAnonymization> {
  constructor(private readonly store: EventStore) {}

  execute({ context, conversationId: id, force }: RequestConversationAnonymization): Promise<string> {
    return this.store.retrying(async () => {
      const requestId = randomUUIDv7();
      if (force) {
        await this.store.handle(conversationStream, String(id), context, { type: 'CloseConversation', id });
      }
      const loaded = await this.store.load(conversationStream, String(id), context);
      const command = { type: 'RequestConversationAnonymization', id, requestId } as const;
      await this.store.commit(
        [decided(conversationStream, String(id), loaded, command), requestOf(requestId, 'Conversation', String(id))],
        context,
      );
      return requestId;
    });
  }
}

@CommandHandler(RequestMessageAnonymization)
export class RequestMessageAnonymizationHandler implements ICommandHandler<RequestMessageAnonymization> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  /** The key of the message is destroyed at once; deliveries and kept answers follow. */
  execute({ context, messageId, conversationId }: RequestMessageAnonymization): Promise<string> {
    const { organizationId } = context;
    return this.store.retrying(async () => {
      const requestId = randomUUIDv7();
      const [message] = await this.database.query<StoredMessage>(
        organizationId,
        storedMessage(organizationId, messageId),
      );
      const id = conversationId ?? message?.conversationId;
      const loaded = id === undefined ? undefined : await this.store.load(conversationStream, String(id), context);
      if (conversationId !== undefined && !loaded?.state) throw notFound('Conversation', String(conversationId));
      if (!message || !loaded || message.conversationId !== id) throw notFound('Message', messageId);
      const command = { type: 'AnonymizeMessage', id, message, requestId } as const;
      await this.store.commit(
        [decided(conversationStream, String(id), loaded, command), requestOf(requestId, 'Message', messageId, id)],
        context,
      );
      return requestId;
    });
  }
}

@QueryHandler(GetAnonymizationRequest)
export class GetAnonymizationRequestHandler implements IQueryHandler<GetAnonymizationRequest> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, id }: GetAnonymizationRequest): Promise<AnonymizationRequestStatus> {
    const [row] = await this.database.query<AnonymizationRow>(organizationId, {
      text: 'SELECT * FROM anonymization_requests WHERE organization_id = $1 AND id = $2',
      values: [organizationId, id],
    });
    if (!row) throw notFound('Anonymization request', id);
    return {
      id,
      entityType: `${row.entity}AnonymizationType`,
      _type: row.entity,
      initiatedAt: row.initiated_at.toISOString(),
      targetEntityId: row.target_id,
      requestedBy: row.requested_by,
      ...(row.processed_at && { processedAt: row.processed_at.toISOString() }),
    };
  }
}

function requestOf(id: string, entity: AnonymizedEntity, targetId: string, conversationId?: number) {
  const of = conversationId === undefined ? {} : { conversationId };
  const command = { type: 'RequestAnonymization', id, request: { id, entity, targetId, ...of } } as const;
  return decided(anonymizationStream, id, { state: undefined, version: 0 }, command);
}

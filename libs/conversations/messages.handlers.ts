import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { agentById, agentsExist } from '#libs/agents/agent.published.js';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { type Page, type PageRequest } from '#libs/database/keyset.js';
import { endUserIsOpen, missingEndUser, missingEndUsers } from '#libs/end-users/end-user.published.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { OrganizationSettings } from '#libs/organizations/organization-settings.published.js';
import { notFound } from '#libs/platform/domain-error.js';
import { command, query } from '#libs/platform/messages.js';
import { ConversationIds } from './conversation-ids.js';
import { type Conversation, type Message } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';
import { opensBy } from './decide-messages.rules.js';
import { followUp, noOtherFollowUpHas, openFollowUp } from './follow-up-conversations.js';
import { foundMessage, messageByExternalId, MessageReader } from './message.reader.js';
import { type KeptMessage } from './message.shown.js';
import { type CreateMessageInput, type Message as MessageOutput } from './messages.dto.js';
import { newMessage } from './new-message.js';
import { sanitizeAhead } from './sanitized-html.js';
import { whereItWaits } from './reopening.published.js';

/**
 * Adds a message to a conversation, or to its follow-up if it is closed and the organization has chosen follow-ups.
 * Returns the message and its conversation. An existing message with the same external id is returned unchanged.
 */
export class AddMessage extends command<
  { context: WriteContext; id: number; input: CreateMessageInput },
  { message: KeptMessage; conversationId: number }
>() {}

/** A page of a conversation's messages, oldest first. */
export class ListMessages extends query<
  { organizationId: string; id: number; request: PageRequest },
  Page<MessageOutput>
>() {}

@CommandHandler(AddMessage)
export class AddMessageHandler implements ICommandHandler<AddMessage> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly ids: ConversationIds,
    private readonly settings: OrganizationSettings,
  ) {}

  /** Takes two round trips: one reads the conversation and the entities that the input names, the other appends. */
  execute({ context, id, input }: AddMessage) {
    const { organizationId } = context;
    return this.store.retrying(async () => {
      const [loaded, existing, { repliesToClosed }] = await Promise.all([
        this.store.load(conversationStream, String(id), context),
        this.#referred(organizationId, id, input),
        this.settings.of(organizationId),
      ]);
      if (!loaded.state) throw notFound('Conversation', String(id));
      if (existing) return foundMessage(existing);
      const message = newMessage(input, loaded.state.requesterId);
      await sanitizeAhead(organizationId, [message.body]);
      const guards = guardsOf(organizationId, message);
      const follows =
        loaded.state.state === 'Closed' && repliesToClosed === 'FollowUp' && opensBy(loaded.state, message);
      if (follows && !loaded.state.anonymization) return this.#followUp(context, loaded.state, message, guards);
      return this.#add(context, id, loaded, message, guards);
    });
  }

  async #add(
    context: WriteContext,
    id: number,
    loaded: Loaded<Conversation | undefined>,
    message: Message,
    guards: Statement[],
  ) {
    const opens = loaded.state && opensBy(loaded.state, message);
    const waits = opens ? await whereItWaits(this.database, context.organizationId, loaded.state) : undefined;
    const { queueId, agentIsGone } = waits ?? {};
    const change = { type: 'AddMessage', id, message, queueId, agentIsGone } as const;
    const all = [...guards, ...(waits?.guards ?? [])];
    await this.store.decide(conversationStream, String(id), context, loaded, change, all);
    return { message, conversationId: id };
  }

  /** Adds the message to the open follow-up if there is one; else begins a follow-up. */
  async #followUp(context: WriteContext, closed: Conversation, message: Message, guards: Statement[]) {
    const { organizationId } = context;
    const [open] = await this.database.query<{ id: number }>(organizationId, openFollowUp(organizationId, closed.id));
    if (open) {
      const loaded = await this.store.load(conversationStream, String(open.id), context);
      return this.#add(context, open.id, loaded, message, guards);
    }
    const [id, waits] = await Promise.all([this.ids.next(), whereItWaits(this.database, organizationId, closed)]);
    const begin = followUp(closed, id, message, waits.queueId);
    await this.store.handle(conversationStream, String(id), context, begin, () => [
      ...guards,
      endUserIsOpen(organizationId, closed.requesterId),
      ...waits.guards,
      ...noOtherFollowUpHas(organizationId, closed.id, id),
    ]);
    return { message, conversationId: id };
  }

  /** Checks that the named agents and end users exist. Returns the row of a message with the external id. */
  async #referred(organizationId: string, id: number, input: CreateMessageInput): Promise<object | undefined> {
    const { agentId, cc = [], bcc = [] } = input._type === 'Outbound' ? input : {};
    const [recipients, agents, existing] = await this.database.transact(organizationId, [
      missingEndUsers(organizationId, [...cc, ...bcc]),
      agentById(organizationId, agentId ?? organizationId),
      messageByExternalId(organizationId, id, input.externalId ?? ''),
    ]);
    const missing = recipients?.rows[0] as { id: string } | undefined;
    if (agentId && !agents?.rows[0]) throw notFound('Agent', agentId);
    if (missing) throw await missingEndUser(this.database, organizationId, missing.id);
    return existing?.rows[0] as object | undefined;
  }
}

function guardsOf(organizationId: string, { direction, authorId }: Message): Statement[] {
  return direction === 'Outbound' ? [agentsExist(organizationId, [authorId])] : [];
}

@QueryHandler(ListMessages)
export class ListMessagesHandler implements IQueryHandler<ListMessages> {
  constructor(
    private readonly store: EventStore,
    private readonly messages: MessageReader,
  ) {}

  async execute({ organizationId, id, request }: ListMessages): Promise<Page<MessageOutput>> {
    const { state } = await this.store.load(conversationStream, String(id), { organizationId });
    if (!state) throw notFound('Conversation', String(id));
    return this.messages.page(organizationId, state, request);
  }
}

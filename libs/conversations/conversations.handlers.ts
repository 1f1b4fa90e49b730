import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { agentById, agentsExist } from '#libs/agents/agent.published.js';
import { type OtherEndpoint, otherEndpoints } from '#libs/contact-endpoints/contact-endpoint.published.js';
import {
  type AttributeDefinition,
  attributeDefinitions,
  checkedValues,
  type CustomAttributeOutput,
  shownValues,
} from '#libs/custom-attributes/attribute-values.published.js';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import {
  endUserIsOpen,
  missingEndUsers,
  requesterById,
  type RequesterRow,
  missingEndUser,
} from '#libs/end-users/end-user.published.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { command } from '#libs/platform/messages.js';
import { defaultQueue, queueById, queueExists } from '#libs/queues/queue.published.js';
import { tagById, tagsAreActive, type TagName } from '#libs/tags/tag.published.js';
import { ConversationIds } from './conversation-ids.js';
import { type CreateConversationInput } from './conversation-inputs.dto.js';
import { ancestorsOf, isNoDescendant } from './conversation.published.js';
import { type ConversationCommand, type LinkType } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';
import { endpointOf, mustNameAnEndpoint } from './named-endpoint.js';
import { newConversation } from './new-conversation.js';
import { executeReopening } from './reopening.published.js';
import { sanitizeAhead } from './sanitized-html.js';

/** Creates a conversation, and returns its number. */
export class CreateConversation extends command<{ context: WriteContext; input: CreateConversationInput }, number>() {}

/** A change that depends only on the conversation itself and, when it reopens, on its queue and agent. */
export class ChangeConversation extends command<{
  context: WriteContext;
  change: Extract<
    ConversationCommand,
    { type: 'CloseConversation' | 'ReopenConversation' | 'FollowUpConversation' | 'UntagConversation' }
  >;
}>() {}

export class ClaimConversation extends command<{
  context: WriteContext;
  id: number;
  agentId: string;
  force: boolean;
}>() {}

export class TransferConversation extends command<{
  context: WriteContext;
  id: number;
  queueId: string;
  userId?: string;
}>() {}

export class TagConversation extends command<{ context: WriteContext; id: number; tagId: string }>() {}

export class LinkConversation extends command<{
  context: WriteContext;
  id: number;
  parentId: number;
  linkType: LinkType;
}>() {}

/** Changes custom attributes, and returns all values of the conversation. */
export class UpdateConversationAttributes extends command<
  { context: WriteContext; id: number; patch: Record<string, unknown> },
  CustomAttributeOutput[]
>() {}

@CommandHandler(CreateConversation)
export class CreateConversationHandler implements ICommandHandler<CreateConversation> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly ids: ConversationIds,
  ) {}

  /**
   * Takes two round trips: one reads the entities that the input names, the other appends and guards that they still
   * exist.
   */
  execute({ context, input }: CreateConversation): Promise<number> {
    const { organizationId } = context;
    const { requesterId } = input;
    return this.store.retrying(async () => {
      const id = await this.ids.next();
      const { requester, queueId } = await this.#referred(organizationId, input);
      const { origin, ...others } = newConversation(input, requester);
      const { agentId, message } = others;
      if (message) await sanitizeAhead(organizationId, [message.body]);
      const began = { origin: { requesterId, ...origin }, ...others, queueId };
      const command = { type: 'CreateConversation', id, ...began } as const;
      await this.store.handle(conversationStream, String(id), context, command, () => [
        endUserIsOpen(organizationId, requesterId),
        ...(agentId ? [agentsExist(organizationId, [agentId])] : []),
        ...(queueId && !agentId ? [queueExists(organizationId, queueId)] : []),
      ]);
      return id;
    });
  }

  /** Returns the requester, and the queue in which the conversation would wait. */
  async #referred(organizationId: string, input: CreateConversationInput) {
    const { requesterId } = input;
    const outbound = 'message' in input && input.message._type === 'Outbound' ? input.message : undefined;
    const { agentId, cc = [], bcc = [] } = outbound ?? {};
    const [requesters, queues, recipients, endpoints, agents] = await this.database.transact(organizationId, [
      requesterById(organizationId, requesterId),
      input._type === 'Callback' ? queueById(organizationId, input.queueId) : defaultQueue(organizationId),
      missingEndUsers(organizationId, [...cc, ...bcc]),
      otherEndpoints(organizationId, endpointOf(input)),
      ...(agentId ? [agentById(organizationId, agentId)] : []),
    ]);
    const missing = recipients?.rows[0] as { id: string } | undefined;
    const requester = requesters?.rows[0] as RequesterRow | undefined;
    const queueId = (queues?.rows[0] as { id: string } | undefined)?.id;
    if (!requester) throw await missingEndUser(this.database, organizationId, requesterId);
    if (requester.anonymizationRequested) throw new DomainError('conflict', `End user ${requesterId} is anonymized`);
    if (input._type === 'Callback' && !queueId) throw notFound('Queue', input.queueId);
    if (agentId && !agents?.rows[0]) throw notFound('Agent', agentId);
    if (missing) throw await missingEndUser(this.database, organizationId, missing.id);
    mustNameAnEndpoint(input, endpoints?.rows as OtherEndpoint[]);
    return { requester, queueId };
  }
}

@CommandHandler(ChangeConversation)
export class ChangeConversationHandler implements ICommandHandler<ChangeConversation> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, change }: ChangeConversation): Promise<void> {
    if ('userId' in change) await userMustExist(this.database, context.organizationId, change.userId);
    if (change.type === 'ReopenConversation') {
      await executeReopening(this.store, this.database, context, change);
      return;
    }
    await this.store.handle(conversationStream, String(change.id), context, change);
  }
}

@CommandHandler(ClaimConversation)
export class ClaimConversationHandler implements ICommandHandler<ClaimConversation> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, agentId, force }: ClaimConversation): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      await referred(this.database, organizationId, agentById(organizationId, agentId), notFound('Agent', agentId));
      const command = { type: 'ClaimConversation', id, agentId, force } as const;
      await executeOnce(this.store, context, command, [agentsExist(organizationId, [agentId])]);
    });
  }
}

@CommandHandler(TransferConversation)
export class TransferConversationHandler implements ICommandHandler<TransferConversation> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, queueId, userId }: TransferConversation): Promise<void> {
    const { organizationId } = context;
    await userMustExist(this.database, organizationId, userId);
    await this.store.retrying(async () => {
      await referred(this.database, organizationId, queueById(organizationId, queueId), notFound('Queue', queueId));
      const command = { type: 'TransferConversation', id, queueId, ...(userId && { userId }) } as const;
      await executeOnce(this.store, context, command, [queueExists(organizationId, queueId)]);
    });
  }
}

@CommandHandler(TagConversation)
export class TagConversationHandler implements ICommandHandler<TagConversation> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, tagId }: TagConversation): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      const statement = tagById(organizationId, tagId);
      const tag = await referred<TagName>(this.database, organizationId, statement, notFound('Tag', tagId));
      await executeOnce(this.store, context, { type: 'TagConversation', id, tag }, [
        tagsAreActive(organizationId, [tagId]),
      ]);
    });
  }
}

@CommandHandler(LinkConversation)
export class LinkConversationHandler implements ICommandHandler<LinkConversation> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, parentId, linkType }: LinkConversation): Promise<void> {
    const { organizationId } = context;
    if (!Number.isSafeInteger(parentId)) throw notFound('Conversation', String(parentId));
    await this.store.retrying(async () => {
      const chain = await this.database.query<{ id: number }>(organizationId, ancestorsOf(organizationId, parentId));
      if (chain.length === 0) throw notFound('Conversation', String(parentId));
      const ids = chain.map((ancestor) => ancestor.id);
      const ancestorIds = ids.filter((ancestorId) => ancestorId !== parentId);
      const command = { type: 'LinkConversation', id, parentId, linkType, ancestorIds } as const;
      await executeOnce(this.store, context, command, isNoDescendant(organizationId, id, ids));
    });
  }
}

@CommandHandler(UpdateConversationAttributes)
export class UpdateConversationAttributesHandler implements ICommandHandler<UpdateConversationAttributes> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  async execute({ context, id, patch }: UpdateConversationAttributes): Promise<CustomAttributeOutput[]> {
    const { organizationId } = context;
    const statement = attributeDefinitions(organizationId, 'Conversation');
    const definitions = await this.database.query<AttributeDefinition>(organizationId, statement);
    const values = checkedValues(definitions, patch);
    const command = { type: 'UpdateAttributes', id, values } as const;
    const { state } = await this.store.handle(conversationStream, String(id), context, command);
    return shownValues(definitions, state?.customAttributes ?? {});
  }
}

/** Decides and commits once, for callers that read again on a version conflict. */
async function executeOnce(
  store: EventStore,
  context: WriteContext,
  command: Exclude<ConversationCommand, { type: 'CreateConversation' }>,
  guards: Statement[],
): Promise<void> {
  const id = String(command.id);
  const loaded = await store.load(conversationStream, id, context);
  await store.decide(conversationStream, id, context, loaded, command, guards);
}

/** Checks that an agent or end user exists on whose behalf a change is made. */
async function userMustExist(database: Database, organizationId: string, userId: string | undefined): Promise<void> {
  if (!userId) return;
  const statements = [agentById(organizationId, userId), requesterById(organizationId, userId)];
  const found = await database.transact(organizationId, statements);
  if (found.every(({ rows }) => rows.length === 0))
    throw await missingEndUser(database, organizationId, userId, 'User');
}

/** Returns the row of an entity that a command names. */
async function referred<Row>(
  database: Database,
  organizationId: string,
  statement: Statement,
  missing: DomainError,
): Promise<Row> {
  const [row] = await database.query<Row>(organizationId, statement);
  if (!row) throw missing;
  return row;
}

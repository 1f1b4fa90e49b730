import { randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { agentsExist, missingAgents } from '#libs/agents/agent.published.js';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { endUserIsOpen, missingEndUser, requesterById, type RequesterRow } from '#libs/end-users/end-user.published.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { VersionConflict } from '#libs/event-store/version-conflict.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { command } from '#libs/platform/messages.js';
import { defaultQueue, queueExists, type QueueName } from '#libs/queues/queue.published.js';
import { ConversationIds } from './conversation-ids.js';
import { type Message } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';
import {
  type GenericConversationImport,
  type ImportConversationResponse,
  type ImportMessageInput,
} from './import-conversations.dto.js';
import { sanitizeAhead } from './sanitized-html.js';
import { withoutNulls } from './new-message.js';

/**
 * Imports a conversation that took place elsewhere. Messages, assignments and closings of unknown agents or end users
 * are left out and reported. A conversation with the same external id is returned unchanged.
 */
export class ImportConversation extends command<
  { context: WriteContext; input: GenericConversationImport },
  ImportConversationResponse
>() {}

/** The existing entities that the input names. */
interface Referred {
  existing?: number;
  requester: RequesterRow;
  queueId?: string;
  unknown: Set<string>;
}

@CommandHandler(ImportConversation)
export class ImportConversationHandler implements ICommandHandler<ImportConversation> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly ids: ConversationIds,
  ) {}

  execute({ context, input }: ImportConversation): Promise<ImportConversationResponse> {
    const { organizationId } = context;
    return this.store.retrying(async () => {
      const [referred, id] = await Promise.all([this.#referred(organizationId, input), this.ids.next()]);
      if (referred.existing !== undefined) return { id: referred.existing };
      const { errors, ...parts } = knownParts(input, referred.unknown);
      const bodies = parts.messages.map(({ body }) => body);
      await sanitizeAhead(organizationId, bodies);
      const { requesterId, genericChannelName, direction, createdAt, externalId, attributes } = input;
      const change = {
        type: 'ImportConversation',
        id,
        origin: { requesterId, channel: 'Messenger', genericChannel: genericChannelName, direction, createdAt },
        details: { ...(externalId && { externalId }), ...(attributes && { attributes }) },
        queueId: referred.queueId,
        ...parts,
      } as const;
      const nothing = { state: undefined, version: 0 };
      const agents = agentsOf(parts);
      await this.#commit(() =>
        this.store.decide(conversationStream, String(id), context, nothing, change, [
          endUserIsOpen(organizationId, requesterId),
          ...(agents.length > 0 ? [agentsExist(organizationId, agents)] : []),
          ...(referred.queueId ? [queueExists(organizationId, referred.queueId)] : []),
        ]),
      );
      return { id, ...(errors.length > 0 && { partialErrors: errors.map((message) => ({ message })) }) };
    });
  }

  /** @throws {VersionConflict} also when another request has imported the conversation in the meantime */
  async #commit(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      throw violatedConstraint(error) === 'conversations_external_id' ? new VersionConflict(error) : error;
    }
  }

  async #referred(organizationId: string, input: GenericConversationImport): Promise<Referred> {
    const { requesterId, externalId, messages = [], assignment, closing } = input;
    const agentIds = messages.flatMap((message) => (message._type === 'OutboundImport' ? message.agentId : []));
    const named = [...agentIds, assignment?.agentId, closing?.closedBy].filter((id) => id !== undefined);
    const [requesters, queues, missing, existing] = await this.database.transact(organizationId, [
      requesterById(organizationId, requesterId),
      defaultQueue(organizationId),
      missingAgents(organizationId, [...new Set(named)]),
      {
        text: 'SELECT id FROM conversations WHERE organization_id = $1 AND external_id = $2',
        values: [organizationId, externalId ?? ''],
      },
    ]);
    const requester = requesters?.rows[0] as RequesterRow | undefined;
    if (!requester) throw await missingEndUser(this.database, organizationId, requesterId);
    if (requester.anonymizationRequested) throw new DomainError('conflict', `End user ${requesterId} is anonymized`);
    return {
      requester,
      existing: (existing?.rows[0] as { id: number } | undefined)?.id,
      queueId: (queues?.rows[0] as QueueName | undefined)?.id,
      unknown: new Set((missing?.rows as { id: string }[]).map(({ id }) => id)),
    };
  }
}

/** The parts of an import whose agents exist, and what is wrong with the others. */
interface KnownParts {
  messages: Message[];
  assignment?: { agentId: string; assignedAt: string };
  closing?: { userId?: string; closedAt: string };
  errors: string[];
}

/** The end user may have closed the conversation, too. If that end user is unknown, the closing has no author. */
function knownParts(input: GenericConversationImport, unknown: Set<string>): KnownParts {
  const { messages = [], assignment, closing, requesterId } = input;
  const errors: string[] = [];
  const isKnown = (path: string, agentId: string) => {
    if (unknown.has(agentId)) errors.push(`${path}: ${notFound('Agent', agentId).message}`);
    return !unknown.has(agentId);
  };
  const seen = new Set<string>();
  const imported = messages.filter((message, index) => {
    const path = `messages[${index}]`;
    const { externalId } = message;
    if (Date.parse(message.createdAt) > Date.now()) errors.push(`${path}: createdAt must not be in the future`);
    else if (externalId && seen.has(externalId)) errors.push(`${path}: externalId is that of an earlier message`);
    else if (message._type === 'InboundImport' || isKnown(path, message.agentId)) {
      if (externalId) seen.add(externalId);
      return true;
    }
    return false;
  });
  return {
    messages: imported.map((message) => importedMessage(message, requesterId)),
    ...(assignment &&
      isKnown('assignment', assignment.agentId) && {
        assignment: { agentId: assignment.agentId, assignedAt: assignment.assignedAt },
      }),
    ...(closing && { closing: closingOf(closing, requesterId, isKnown) }),
    errors,
  };
}

function closingOf(
  { closedAt, closedBy }: { closedAt: string; closedBy: string },
  requesterId: string,
  isKnown: (path: string, agentId: string) => boolean,
): NonNullable<KnownParts['closing']> {
  return { closedAt, ...((closedBy === requesterId || isKnown('closing', closedBy)) && { userId: closedBy }) };
}

function importedMessage(input: ImportMessageInput, requesterId: string): Message {
  const { content, attachments, createdAt, externalId, attributes } = input;
  const isInbound = input._type === 'InboundImport';
  return {
    id: randomUUIDv7(),
    authorId: isInbound ? requesterId : input.agentId,
    direction: isInbound ? 'Inbound' : 'Outbound',
    createdAt,
    ...(externalId && { externalId }),
    body: {
      content: { _type: content._type, value: content.value },
      attachments: (attachments ?? []).map((file) => withoutNulls(file)),
      ...(attributes && { attributes }),
    },
  };
}

function agentsOf({ messages, assignment }: Omit<KnownParts, 'errors'>): string[] {
  const writers = messages.flatMap(({ direction, authorId }) => (direction === 'Outbound' ? authorId : []));
  return [...new Set([...writers, ...(assignment ? [assignment.agentId] : [])])];
}

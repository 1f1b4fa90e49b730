import { type WriteContext } from '#libs/event-store/event.js';
import { type EventStore, staged } from '#libs/event-store/event-store.js';
import { type Database } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type QueueName, queueExists, queueOrDefault } from '#libs/queues/queue.projection.js';
import { conversationStream } from './conversation.projection.js';
import { type ConversationCommand } from './conversation.js';
import { decideConversation } from './decide-conversation.js';

type Reopening = Extract<ConversationCommand, { type: 'ReopenConversation' | 'ExpirePending' }>;

/** Executes a command after which a conversation may wait in a queue again: the one it was in may be gone since. */
export async function executeReopening(
  store: EventStore,
  database: Database,
  context: WriteContext,
  command: Reopening,
): Promise<void> {
  const { organizationId } = context;
  const id = String(command.id);
  await store.retrying(async () => {
    const loaded = await store.load(conversationStream, id, organizationId);
    const statement = queueOrDefault(organizationId, loaded.state?.queueId);
    const [queue] = await database.query<QueueName>(organizationId, statement);
    const decision = decideConversation({ ...command, queueId: queue?.id }, loaded.state);
    if (decision instanceof DomainError) throw decision;
    const guards = queue ? [queueExists(organizationId, queue.id)] : [];
    await store.commit([staged(conversationStream, id, loaded, decision)], context, guards);
  });
}

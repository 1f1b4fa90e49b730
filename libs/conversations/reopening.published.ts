import { agentById } from '#libs/agents/agent.published.js';
import { type Database } from '#libs/database/database.js';
import { type EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type QueueName, queueExists, queueOrDefault } from '#libs/queues/queue.published.js';
import { type ConversationCommand } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';

type Reopening = Extract<ConversationCommand, { type: 'ReopenConversation' | 'ExpirePending' | 'ReleaseConversation' }>;

/** Executes a command that may put a conversation into a queue again. Its queue and agent may no longer exist. */
export async function executeReopening(
  store: EventStore,
  database: Database,
  context: WriteContext,
  command: Reopening,
): Promise<void> {
  const { organizationId } = context;
  const id = String(command.id);
  await store.retrying(async () => {
    const loaded = await store.load(conversationStream, id, context);
    const { queueId: lastQueueId, assigneeId } = loaded.state ?? {};
    const [queues, agents] = await database.transact(organizationId, [
      queueOrDefault(organizationId, lastQueueId),
      ...(assigneeId ? [agentById(organizationId, assigneeId)] : []),
    ]);
    const queue = queues?.rows[0] as QueueName | undefined;
    const agentIsGone = agents?.rows.length === 0;
    const found = { queueId: queue?.id, ...(command.type !== 'ReleaseConversation' && { agentIsGone }) };
    const guards = queue ? [queueExists(organizationId, queue.id)] : [];
    await store.decide(conversationStream, id, context, loaded, { ...command, ...found }, guards);
  });
}

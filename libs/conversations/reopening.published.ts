import { agentById } from '#libs/agents/agent.published.js';
import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type QueueName, queueExists, queueOrDefault } from '#libs/queues/queue.published.js';
import { type Conversation, type ConversationCommand } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';

type Reopening = Extract<ConversationCommand, { type: 'ReopenConversation' | 'ExpirePending' | 'ReleaseConversation' }>;

/** Executes a command that may put a conversation into a queue again. Its queue and agent may no longer exist. */
export async function executeReopening(
  store: EventStore,
  database: Database,
  context: WriteContext,
  command: Reopening,
): Promise<void> {
  const id = String(command.id);
  await store.retrying(async () => {
    const loaded = await store.load(conversationStream, id, context);
    const { queueId, agentIsGone, guards } = await whereItWaits(database, context.organizationId, loaded.state);
    const found = { queueId, ...(command.type !== 'ReleaseConversation' && { agentIsGone }) };
    await store.decide(conversationStream, id, context, loaded, { ...command, ...found }, guards);
  });
}

/** Returns where a conversation waits when it opens again, and guards that this still holds at the commit. */
export async function whereItWaits(
  database: Database,
  organizationId: string,
  { queueId: lastQueueId, assigneeId }: Partial<Conversation> = {},
): Promise<{ queueId?: string; agentIsGone: boolean; guards: Statement[] }> {
  const [queues, agents] = await database.transact(organizationId, [
    queueOrDefault(organizationId, lastQueueId),
    ...(assigneeId ? [agentById(organizationId, assigneeId)] : []),
  ]);
  const queue = queues?.rows[0] as QueueName | undefined;
  const guards = queue ? [queueExists(organizationId, queue.id)] : [];
  return { queueId: queue?.id, agentIsGone: agents?.rows.length === 0, guards };
}

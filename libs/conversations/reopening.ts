import { agentById } from '#libs/agents/agent.projection.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type EventStore } from '#libs/event-store/event-store.js';
import { type Database } from '#libs/platform/database.js';
import { type QueueName, queueExists, queueOrDefault } from '#libs/queues/queue.projection.js';
import { conversationStream, openConversationsWith } from './conversation.projection.js';
import { type ConversationCommand } from './conversation.js';

type Reopening = Extract<ConversationCommand, { type: 'ReopenConversation' | 'ExpirePending' | 'ReleaseConversation' }>;

/** Executes a command after which a conversation may wait in a queue again: queue and agent may be gone since. */
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

/** Takes an agent's conversations that are not closed from the agent; those that are open wait in a queue again. */
export async function releaseConversations(
  store: EventStore,
  database: Database,
  context: WriteContext,
  agentId: string,
): Promise<void> {
  const { organizationId } = context;
  for (;;) {
    const statement = openConversationsWith(organizationId, agentId);
    const conversations = await database.query<{ id: number }>(organizationId, statement);
    if (conversations.length === 0) return;
    await Promise.all(
      conversations.map(({ id }) =>
        executeReopening(store, database, context, { type: 'ReleaseConversation', id, agentId }),
      ),
    );
  }
}

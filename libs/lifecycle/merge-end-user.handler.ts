import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { conversationsOf, endUserHasNoConversation } from '#libs/conversations/conversation.published.js';
import { type Conversation } from '#libs/conversations/conversation.rules.js';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { Database } from '#libs/database/database.js';
import { MergeEndUser } from '#libs/end-users/end-user.published.js';
import { type EndUser } from '#libs/end-users/end-user.rules.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { decideMerge } from '#libs/end-users/merge.rules.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { decided, type Staged, staged } from '#libs/event-store/staged.js';
import { accepted, DomainError } from '#libs/platform/domain-error.js';

/** Maximum number of conversations that move in one commit. */
const MAX_CONVERSATIONS = 1_000;

type Pair = [source: Loaded<EndUser | undefined>, target: Loaded<EndUser | undefined>];

@CommandHandler(MergeEndUser)
export class MergeEndUserHandler implements ICommandHandler<MergeEndUser> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  /**
   * Moves everything in one commit. If a conversation begins in the meantime, the guard fails, and the retry moves it,
   * too.
   */
  async execute({ context, id, intoId }: MergeEndUser): Promise<void> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      const [people, rows] = await Promise.all([
        this.store.loadAll(endUserStream, [id, intoId], context),
        this.database.query<{ id: number }>(organizationId, conversationsOf(organizationId, id, MAX_CONVERSATIONS + 1)),
      ]);
      const [source, target] = people as Pair;
      const merge = accepted(decideMerge(id, source.state, intoId, target.state));
      const moved = await this.#moved(context, id, intoId, rows);
      // The source first, so that its addresses are free before the target takes them.
      const changes = [
        staged(endUserStream, id, source, merge.source),
        staged(endUserStream, intoId, target, merge.target),
      ];
      await this.store.commit([...changes, ...moved], context, [endUserHasNoConversation(organizationId, id)]);
    });
  }

  async #moved(context: WriteContext, fromId: string, intoId: string, rows: { id: number }[]): Promise<Staged[]> {
    if (rows.length > MAX_CONVERSATIONS) {
      const message = `End user ${fromId} has more than ${MAX_CONVERSATIONS} conversations: too many to move at once`;
      throw new DomainError('conflict', message);
    }
    const ids = rows.map(({ id }) => String(id));
    const conversations = await this.store.loadAll(conversationStream, ids, context);
    return rows.map(({ id }, index) => {
      const conversation = conversations[index] as Loaded<Conversation | undefined>;
      return decided(conversationStream, String(id), conversation, { type: 'ReplaceEndUser', id, endUserId: intoId });
    });
  }
}

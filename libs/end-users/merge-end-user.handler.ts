import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Conversation } from '#libs/conversations/conversation.js';
import {
  conversationsOf,
  conversationStream,
  hasNoConversations,
} from '#libs/conversations/conversation.projection.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { decided, type Staged, staged } from '#libs/event-store/staged.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { Database } from '#libs/platform/database.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type Sendable } from '#libs/platform/json-text.js';
import { command } from '#libs/platform/messages.js';
import { type EndUser } from './end-user.js';
import { endUserStream } from './end-user.projection.js';
import { EndUserReader } from './end-users.reader.js';
import { decideMerge } from './merge.js';

/** Makes one end user part of another. Answers the other as it is then. */
export class MergeEndUser extends command<{ context: WriteContext; id: string; intoId: string }, Sendable<object>>() {}

/** Conversations that move in one commit. */
const MAX_CONVERSATIONS = 1_000;

type Pair = [source: Loaded<EndUser | undefined>, target: Loaded<EndUser | undefined>];

@CommandHandler(MergeEndUser)
export class MergeEndUserHandler implements ICommandHandler<MergeEndUser> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly reader: EndUserReader,
  ) {}

  /** Everything moves in one commit. A conversation that begins meanwhile is found by the guard, and moves as well. */
  async execute({ context, id, intoId }: MergeEndUser): Promise<Sendable<object>> {
    const { organizationId } = context;
    await this.store.retrying(async () => {
      const [people, rows] = await Promise.all([
        this.store.loadAll(endUserStream, [id, intoId], context),
        this.database.query<{ id: number }>(organizationId, conversationsOf(organizationId, id, MAX_CONVERSATIONS + 1)),
      ]);
      const [source, target] = people as Pair;
      const merge = decideMerge(id, source.state, intoId, target.state);
      if (merge instanceof DomainError) throw merge;
      const moved = await this.#moved(context, id, intoId, rows);
      // The source first: it gives up its addresses before the target takes them.
      const changes = [
        staged(endUserStream, id, source, merge.source),
        staged(endUserStream, intoId, target, merge.target),
      ];
      await this.store.commit([...changes, ...moved], context, [hasNoConversations(organizationId, id)]);
    });
    return this.reader.get(organizationId, intoId);
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

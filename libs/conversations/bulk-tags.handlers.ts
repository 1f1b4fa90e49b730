import { randomUUIDv7 } from 'node:crypto';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Database, violatedConstraint } from '#libs/database/database.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type Recording, type WriteContext } from '#libs/event-store/event.js';
import { decided, instantAfter, type Staged, staged } from '#libs/event-store/staged.js';
import { evolved } from '#libs/event-store/stream-definition.js';
import { VersionConflict } from '#libs/event-store/version-conflict.js';
import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { command } from '#libs/platform/messages.js';
import { quoted } from '#libs/platform/text.js';
import { TAG_NAME_INDEX, tagKey, tagStream } from '#libs/tags/tag.stream.js';
import { type KeyedTag, tagsAreActive, tagsByName } from '#libs/tags/tag.published.js';
import { type Tag } from '#libs/tags/tag.rules.js';
import { shownTag } from '#libs/tags/tag.shown.js';
import { type Conversation, type ConversationEvent } from './conversation.rules.js';
import { conversationStream } from './conversation.stream.js';

/**
 * Puts tags on a conversation in one commit. Returns each tag, or an error. A name that no tag has creates a tag, or is an
 * error unless `mayCreate`.
 */
export class TagConversationByName extends command<
  { context: WriteContext; id: number; names: string[]; mayCreate: boolean },
  (Tag | DomainError)[]
>() {}

/** The tags with the given names, and those among them that must be created. */
interface Named {
  tags: Map<string, Tag>;
  created: Map<string, Staged>;
}

@CommandHandler(TagConversationByName)
export class TagConversationByNameHandler implements ICommandHandler<TagConversationByName> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
  ) {}

  execute({ context, id, names, mayCreate }: TagConversationByName): Promise<(Tag | DomainError)[]> {
    return this.store.retrying(async () => {
      const [loaded, { tags, created }] = await Promise.all([
        this.store.load(conversationStream, String(id), context),
        this.#named(context.organizationId, names, mayCreate),
      ]);
      if (!loaded.state) throw notFound('Conversation', String(id));
      const recordedAt = instantAfter([loaded]);
      const wanted = names.map((name) => tags.get(tagKey(name)) ?? mayNotBeCreated(name));
      const { outcomes, events } = decideEach(id, loaded.state, wanted, { recordedAt, metadata: context });
      const used = new Set(outcomes.flatMap((tag) => (tag instanceof DomainError ? [] : tag.id)));
      const changes = [
        ...[...used].flatMap((tagId) => created.get(tagId) ?? []),
        staged(conversationStream, String(id), loaded, events),
      ];
      const existing = [...used].filter((tagId) => !created.has(tagId));
      await this.#commit(changes, context, existing, recordedAt);
      return outcomes;
    });
  }

  async #named(organizationId: string, names: string[], mayCreate: boolean): Promise<Named> {
    const keys = names.map(tagKey);
    const rows = await this.database.query<KeyedTag>(organizationId, tagsByName(organizationId, keys));
    const tags = new Map(rows.map(({ key, color, ...tag }) => [key, shownTag({ ...tag, color: color ?? undefined })]));
    const created = new Map<string, Staged>();
    for (const name of mayCreate ? names : []) {
      if (tags.has(tagKey(name))) continue;
      const id = randomUUIDv7();
      const nothing = { state: tagStream.initialState, version: 0 };
      created.set(id, decided(tagStream, id, nothing, { type: 'CreateTag', id, name }));
      tags.set(tagKey(name), { id, name: name.trim(), state: 'Active' });
    }
    return { tags, created };
  }

  /** @throws {VersionConflict} also when another request has created one of the tags in the meantime */
  async #commit(changes: Staged[], context: WriteContext, existing: string[], recordedAt: Date): Promise<void> {
    const guards = existing.length > 0 ? [tagsAreActive(context.organizationId, existing)] : [];
    try {
      await this.store.commit(changes, context, guards, recordedAt);
    } catch (error) {
      throw violatedConstraint(error) === TAG_NAME_INDEX ? new VersionConflict(error) : error;
    }
  }
}

function mayNotBeCreated(name: string): DomainError {
  return new DomainError(
    'not-found',
    `Tag ${quoted(name)} could not be found; creating it requires a token with the scope tags:write`,
  );
}

/** Decides on each tag, based on the state after the tags before it. */
function decideEach(id: number, conversation: Conversation, tags: (Tag | DomainError)[], recording: Recording) {
  let state: Conversation | undefined = conversation;
  const events: ConversationEvent[] = [];
  const outcomes = tags.map((tag) => {
    if (tag instanceof DomainError) return tag;
    const decision = conversationStream.decide({ type: 'TagConversation', id, tag }, state, recording.recordedAt);
    if (decision instanceof DomainError) return decision;
    state = evolved(conversationStream, state, decision, recording);
    events.push(...decision);
    return tag;
  });
  return { outcomes, events };
}

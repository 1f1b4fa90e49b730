import { randomUUID } from 'node:crypto';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { type Conversation, type ConversationEvent } from '#libs/conversations/conversation.rules.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { type DomainEvent } from '#libs/event-store/event.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { type StreamDefinition } from '#libs/event-store/stream-definition.js';
import { type Tag, type TagEvent } from '#libs/tags/tag.rules.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { type ApiClient } from './api-client.js';
import { type TestApp } from './test-app.js';

type ArchivedConversation = (Conversation & { archived?: true }) | undefined;
type Archived = { type: 'ConversationArchived'; data: { id: number; archivingId: string; reason?: string } };

/** Conversations with one more type of event, whose personal data has a key of its own, and one more shown field. */
export const newerConversations: StreamDefinition<ArchivedConversation, ConversationEvent | Archived> = {
  ...conversationStream,
  types: { ...conversationStream.types, ConversationArchived: true },
  shape: conversationStream.shape + 1,
  evolve: (conversation, event, recording) =>
    event.type === 'ConversationArchived'
      ? conversation && { ...conversation, archived: true as const }
      : conversationStream.evolve(conversation, event, recording),
  row: {
    ...(conversationStream.row as NonNullable<typeof conversationStream.row>),
    shown: (conversation: NonNullable<ArchivedConversation>, facts) => ({
      ...conversationStream.row?.shown(conversation, facts),
      archived: conversation.archived,
    }),
  },
  projections: [],
  personal: { ...conversationStream.personal, ConversationArchived: ['reason'] },
  ownKeys: { ...conversationStream.ownKeys, ConversationArchived: 'archivingId' },
};

/** Tags with a later schema version of an event. */
export const newerTags: StreamDefinition<Tag | undefined, TagEvent> = {
  ...tagStream,
  upcasters: { TagDeactivated: [(data: object) => data] },
};

/** A kind of stream that this release does not have. */
export const audits: StreamDefinition<number, { type: 'AuditBegun'; data: { secret: string } }> = {
  category: 'audit',
  types: { AuditBegun: true },
  initialState: 0,
  shape: 1,
  decide: () => [],
  evolve: (begun) => begun + 1,
};

/** What a process of a newer release writes on the database of an application. */
export class NewerRelease {
  readonly store: EventStore;

  constructor({ runtime }: TestApp) {
    const codec = new EventCodec([newerConversations, newerTags, audits], runtime.cipher);
    this.store = new EventStore(runtime.database, codec);
  }

  async archive(conversationId: number, reason: string, api: ApiClient): Promise<void> {
    const data = { id: conversationId, archivingId: randomUUID(), reason };
    await this.#append(newerConversations, String(conversationId), { type: 'ConversationArchived', data }, api);
  }

  async deactivateTag(id: string, api: ApiClient): Promise<void> {
    await this.#append(newerTags, id, { type: 'TagDeactivated', data: { id } }, api);
  }

  async beginAudit(secret: string, api: ApiClient): Promise<void> {
    await this.#append(audits, randomUUID(), { type: 'AuditBegun' as const, data: { secret } }, api);
  }

  async #append<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    id: string,
    event: Event,
    { organizationId, actorId }: ApiClient,
  ): Promise<void> {
    const { version } = await this.store.load(definition, id, { organizationId });
    await this.store.append(definition, id, version, [event], { organizationId, actorId });
  }
}

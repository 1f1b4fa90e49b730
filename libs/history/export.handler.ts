import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { conversationStream } from '#libs/conversations/conversation.stream.js';
import { ConversationsInFull } from '#libs/conversations/conversations-in-full.published.js';
import { type AttributeDefinition, attributeDefinitions } from '#libs/custom-attributes/attribute-values.published.js';
import { Database } from '#libs/database/database.js';
import { addressesOf } from '#libs/end-users/addresses.published.js';
import { mergedInto } from '#libs/end-users/end-user.published.js';
import { mergedAway } from '#libs/end-users/end-user.rules.js';
import { shownEndUser } from '#libs/end-users/end-user.shown.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { notFound } from '#libs/platform/domain-error.js';
import { query } from '#libs/platform/messages.js';
import { type Scope } from '#libs/platform/scopes.js';
import { eventsInFull, readRequests } from './export-rows.js';
import { type EndUserExport, type ExportedConversation, type ExportedEvent } from './export.dto.js';

/**
 * All data about an end user. Events and conversations are read as the consumer takes them: at any time, a few events
 * and 50 conversations (without their events) are in memory.
 */
export class ExportEndUser extends query<
  { organizationId: string; id: string; granted: readonly Scope[] },
  EndUserExport
>() {}

@QueryHandler(ExportEndUser)
export class ExportEndUserHandler implements IQueryHandler<ExportEndUser> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly codec: EventCodec,
    private readonly conversations: ConversationsInFull,
  ) {}

  async execute({ organizationId, id, granted }: ExportEndUser): Promise<EndUserExport> {
    const exportedAt = new Date().toISOString();
    const stream = streamName(endUserStream, id);
    const [{ state, recordedAt }, merged, definitions] = await Promise.all([
      this.store.load(endUserStream, id, { organizationId }),
      this.database.query<{ id: string }>(organizationId, mergedInto(organizationId, id)),
      this.#definitions(organizationId),
    ]);
    if (!state) throw notFound('End user', id);
    if (state.mergedInto) throw mergedAway(id, state.mergedInto);
    // Merged end users come first.
    const people = [...merged.map((person) => streamName(endUserStream, person.id)), stream];
    const requests = await readRequests(this.database, organizationId, people);
    return {
      exportedAt,
      endUser: shownEndUser({ state, recordedAt }, definitions.Contact),
      addresses: addressesOf(state).map(({ kind, value, field }) => ({ kind, value, field })),
      anonymizationRequests: [...requests.values()].flat(),
      history: this.#history(organizationId, people, granted),
      conversations: this.#conversations(organizationId, id, definitions.Conversation, granted),
    };
  }

  async #definitions(organizationId: string) {
    const results = await this.database.transact(organizationId, [
      attributeDefinitions(organizationId, 'Contact'),
      attributeDefinitions(organizationId, 'Conversation'),
    ]);
    const [Contact = [], Conversation = []] = results.map(({ rows }) => rows as AttributeDefinition[]);
    return { Contact, Conversation };
  }

  async *#history(organizationId: string, streams: string[], granted: readonly Scope[]): AsyncGenerator<ExportedEvent> {
    for (const stream of streams) yield* eventsInFull(this.database, this.codec, organizationId, stream, granted);
  }

  async *#conversations(
    organizationId: string,
    userId: string,
    definitions: AttributeDefinition[],
    granted: readonly Scope[],
  ): AsyncGenerator<ExportedConversation> {
    for await (const page of this.conversations.of(organizationId, userId, definitions)) {
      const streams = page.map(({ id }) => streamName(conversationStream, String(id)));
      const requests = await readRequests(this.database, organizationId, streams);
      for (const [index, { tags, messages, ...conversation }] of page.entries()) {
        const stream = streams[index] as string;
        const events = eventsInFull(this.database, this.codec, organizationId, stream, granted);
        const anonymizationRequests = requests.get(stream) ?? [];
        yield { conversation, messages, tags, anonymizationRequests, history: withoutMessages(events) };
      }
    }
  }
}

/** Leaves out the bodies of messages, which the export contains separately. */
async function* withoutMessages(events: AsyncGenerator<ExportedEvent>): AsyncGenerator<ExportedEvent> {
  for await (const event of events) {
    const { details } = event.data as { details?: object };
    Reflect.deleteProperty(event.data, 'body');
    if (details) Reflect.deleteProperty(details, 'message');
    yield event;
  }
}

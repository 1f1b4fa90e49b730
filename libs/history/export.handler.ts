import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { conversationStream } from '#libs/conversations/conversation.projection.js';
import { conversationsInFull } from '#libs/conversations/conversations-in-full.js';
import { type AttributeDefinition, attributeDefinitions } from '#libs/custom-attributes/attribute-values.js';
import { addressesOf } from '#libs/end-users/end-user-addresses.projection.js';
import { mergedAway } from '#libs/end-users/end-user.js';
import { endUserStream } from '#libs/end-users/end-user.projection.js';
import { mergedInto } from '#libs/end-users/merged-end-users.projection.js';
import { shownEndUser } from '#libs/end-users/shown-end-user.js';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { EventStore } from '#libs/event-store/event-store.js';
import { streamName } from '#libs/event-store/stream-definition.js';
import { Database } from '#libs/platform/database.js';
import { notFound } from '#libs/platform/domain-error.js';
import { type Scope } from '#libs/platform/scopes.js';
import { type Dossier, readDossiers } from './dossiers.js';
import { type EndUserExport, type ExportedConversation } from './export.dto.js';

/**
 * Everything that is held about an end user. Conversations are read while they are taken: at any time, the end user's own
 * events are in memory, and those of 50 conversations.
 */
export class ExportEndUser extends Query<EndUserExport> {
  constructor(
    readonly organizationId: string,
    readonly id: string,
    readonly granted: readonly Scope[],
  ) {
    super();
  }
}

@QueryHandler(ExportEndUser)
export class ExportEndUserHandler implements IQueryHandler<ExportEndUser> {
  constructor(
    private readonly store: EventStore,
    private readonly database: Database,
    private readonly codec: EventCodec,
  ) {}

  async execute({ organizationId, id, granted }: ExportEndUser): Promise<EndUserExport> {
    const exportedAt = new Date().toISOString();
    const stream = streamName(endUserStream, id);
    const [{ state, recordedAt }, merged, definitions] = await Promise.all([
      this.store.load(endUserStream, id, organizationId),
      this.database.query<{ id: string }>(organizationId, mergedInto(organizationId, id)),
      this.#definitions(organizationId),
    ]);
    if (!state) throw notFound('End user', id);
    if (state.mergedInto) throw mergedAway(id, state.mergedInto);
    const people = [...merged.map((person) => streamName(endUserStream, person.id)), stream];
    const dossiers = await readDossiers(this.database, this.codec, organizationId, people, granted);
    return {
      exportedAt,
      endUser: shownEndUser({ state, recordedAt }, definitions.Contact),
      addresses: addressesOf(state).map(({ kind, value, field }) => ({ kind, value, field })),
      ...allOf([...dossiers.values()]),
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

  async *#conversations(
    organizationId: string,
    userId: string,
    definitions: AttributeDefinition[],
    granted: readonly Scope[],
  ): AsyncGenerator<ExportedConversation> {
    for await (const page of conversationsInFull(this.database, organizationId, userId, definitions)) {
      const streams = page.map(({ id }) => streamName(conversationStream, String(id)));
      const dossiers = await readDossiers(this.database, this.codec, organizationId, streams, granted);
      for (const [index, { tags, ...conversation }] of page.entries()) {
        const dossier = dossiers.get(streams[index] as string) as Dossier;
        yield { conversation, ...messageOf(dossier), tags, ...dossier };
      }
    }
  }
}

/** Those who were merged into the end user come first. */
function allOf(dossiers: Dossier[]): Dossier {
  return {
    history: dossiers.flatMap(({ history }) => history),
    anonymizationRequests: dossiers.flatMap(({ anonymizationRequests }) => anonymizationRequests),
  };
}

/** The read table does not have it. */
function messageOf({ history: [created] }: Dossier): Pick<ExportedConversation, 'message'> {
  const { details } = (created?.data ?? {}) as { details?: { message?: object } };
  return details?.message ? { message: details.message } : {};
}

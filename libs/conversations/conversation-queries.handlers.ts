import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import {
  type AttributeDefinition,
  attributeDefinitions,
  shownValues,
} from '#libs/custom-attributes/attribute-values.published.js';
import { pastDefinitions } from '#libs/custom-attributes/past-definitions.published.js';
import { type Statement } from '#libs/database/batch.js';
import { Database } from '#libs/database/database.js';
import { EntityReader, LISTED, SHOWN_WITH_STATE, shownText, type StateRow } from '#libs/event-store/entity-reader.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { notFound } from '#libs/platform/domain-error.js';
import { extended, type JsonText, type Sendable } from '#libs/platform/json-text.js';
import { query } from '#libs/platform/messages.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { type Conversation } from './conversation.rules.js';
import { shownConversation } from './conversation.shown.js';
import { conversationStream } from './conversation.stream.js';

/** A conversation with its custom attributes, as it is now or, with `asOf`, as it was then. */
export class GetConversation extends query<{ organizationId: string; id: number; asOf?: Date }, Sendable<object>>() {}

/** The conversation that this one belongs to, and those that belong to it, oldest first. */
export class ListLinkedConversations extends query<{ organizationId: string; id: number }, JsonText[]>() {}

/** A conversation's tags, in the order in which they were added. */
export class ListConversationTags extends query<{ organizationId: string; id: number }, JsonText[]>() {}

/** Reads the current state of conversations. */
@Injectable()
export class ConversationReader {
  constructor(
    private readonly database: Database,
    private readonly reader: EntityReader,
  ) {}

  /**
   * Returns the row of a conversation and the results of further statements, in one round trip.
   * @throws {DomainError} `not-found`
   */
  async row(organizationId: string, id: number, further: Statement[] = []) {
    const text = `SELECT ${SHOWN_WITH_STATE} FROM conversations WHERE organization_id = $1 AND id = $2`;
    const values = [organizationId, id];
    const [rows, ...results] = await Promise.all([
      this.database.lookup<StateRow<Conversation>>(organizationId, { text, values }),
      ...further.map((statement) => this.database.lookup<object>(organizationId, statement)),
    ]);
    const [row] = await this.reader.fresh(conversationStream, organizationId, rows);
    if (!row) throw notFound('Conversation', String(id));
    return { row, results };
  }
}

@QueryHandler(GetConversation)
export class GetConversationHandler implements IQueryHandler<GetConversation> {
  constructor(
    private readonly past: PastStreams,
    private readonly reader: ConversationReader,
  ) {}

  execute({ organizationId, id, asOf }: GetConversation): Promise<Sendable<object>> {
    return asOf ? this.#then(organizationId, id, asOf) : this.#now(organizationId, id);
  }

  async #then(organizationId: string, id: number, asOf: Date): Promise<object> {
    const [{ state }, definitions] = await Promise.all([
      this.past.existing(conversationStream, 'Conversation', String(id), organizationId, asOf),
      pastDefinitions(this.past, organizationId, asOf),
    ]);
    // Without details, its key is destroyed, so it has been anonymized in the meantime.
    const anonymizedAt = state.details
      ? undefined
      : (await this.reader.row(organizationId, id)).row.document.anonymizedAt;
    const customAttributes = shownValues(definitions, state.customAttributes);
    return Object.assign(shownConversation({ ...state, anonymizedAt }), { customAttributes });
  }

  async #now(organizationId: string, id: number): Promise<JsonText> {
    const further = [attributeDefinitions(organizationId, 'Conversation')];
    const { row, results } = await this.reader.row(organizationId, id, further);
    const definitions = results[0] as AttributeDefinition[];
    return extended(shownText(row), { customAttributes: shownValues(definitions, row.document.customAttributes) });
  }
}

@QueryHandler(ListLinkedConversations)
export class ListLinkedConversationsHandler implements IQueryHandler<ListLinkedConversations> {
  constructor(
    private readonly entities: EntityReader,
    private readonly reader: ConversationReader,
  ) {}

  async execute({ organizationId, id }: ListLinkedConversations): Promise<JsonText[]> {
    const { row } = await this.reader.row(organizationId, id);
    return this.entities.list(conversationStream, organizationId, {
      text: `SELECT ${LISTED} FROM conversations
             WHERE organization_id = $1 AND (parent_id = $2 OR id = $3) ORDER BY id LIMIT 500`,
      values: [organizationId, id, row.document.link?.parentId],
    });
  }
}

@QueryHandler(ListConversationTags)
export class ListConversationTagsHandler implements IQueryHandler<ListConversationTags> {
  constructor(
    private readonly entities: EntityReader,
    private readonly reader: ConversationReader,
  ) {}

  async execute({ organizationId, id }: ListConversationTags): Promise<JsonText[]> {
    const { row } = await this.reader.row(organizationId, id);
    return this.entities.list(tagStream, organizationId, {
      text: `SELECT ${LISTED} FROM tags WHERE organization_id = $1 AND id = ANY($2) ORDER BY array_position($2, id)`,
      values: [organizationId, row.document.tagIds],
    });
  }
}

import { Injectable } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  type AttributeDefinition,
  attributeDefinitions,
  shownValues,
} from '#libs/custom-attributes/attribute-values.js';
import { pastDefinitions } from '#libs/custom-attributes/past-definitions.js';
import { requesterById } from '#libs/end-users/end-user.projection.js';
import { PastStreams } from '#libs/event-store/past-streams.js';
import { type Statement } from '#libs/platform/batch.js';
import { Database } from '#libs/platform/database.js';
import { notFound } from '#libs/platform/domain-error.js';
import { Keyset, type Page, type PageRequest } from '#libs/platform/keyset.js';
import { type Tag } from '#libs/tags/tag.js';
import { shownTag, type TagRow } from '#libs/tags/tag.projection.js';
import { type ConversationOutput } from './conversation-outputs.dto.js';
import { type ConversationRow, conversationStream } from './conversation.projection.js';
import { pastConversation } from './past-conversation.js';
import { SHOWN_COLUMNS, shownConversation, type ShownRow } from './shown-conversation.js';

/** One conversation with its custom attributes, as it is now or was then. */
export class GetConversation extends Query<ConversationOutput> {
  constructor(
    readonly organizationId: string,
    readonly id: number,
    readonly asOf?: Date,
  ) {
    super();
  }
}

/** An end user's conversations, newest first. */
export class ListEndUserConversations extends Query<Page<ConversationOutput>> {
  constructor(
    readonly organizationId: string,
    readonly userId: string,
    readonly request: PageRequest,
  ) {
    super();
  }
}

/** The conversation that one belongs to, and those that belong to it; the oldest first. */
export class ListLinkedConversations extends Query<ConversationOutput[]> {
  constructor(
    readonly organizationId: string,
    readonly id: number,
  ) {
    super();
  }
}

/** A conversation's tags, in the order in which they were put on. */
export class ListConversationTags extends Query<Tag[]> {
  constructor(
    readonly organizationId: string,
    readonly id: number,
  ) {
    super();
  }
}

const NEWEST_FIRST = new Keyset<ShownRow>(
  [
    { name: 'created_at', type: 'timestamptz', of: (row) => row.created_at.toISOString() },
    { name: 'id', type: 'bigint', of: (row) => row.id },
  ],
  'DESC',
);

function conversationById(organizationId: string, id: number): Statement {
  return { text: 'SELECT * FROM conversations WHERE organization_id = $1 AND id = $2', values: [organizationId, id] };
}

/** Throws {@link DomainError} `not-found`. */
@Injectable()
export class ConversationReader {
  constructor(private readonly database: Database) {}

  async row(organizationId: string, id: number): Promise<ConversationRow> {
    const [row] = await this.database.query<ConversationRow>(organizationId, conversationById(organizationId, id));
    if (!row) throw notFound('Conversation', String(id));
    return row;
  }
}

@QueryHandler(GetConversation)
export class GetConversationHandler implements IQueryHandler<GetConversation> {
  constructor(
    private readonly database: Database,
    private readonly past: PastStreams,
    private readonly reader: ConversationReader,
  ) {}

  execute({ organizationId, id, asOf }: GetConversation): Promise<ConversationOutput> {
    return asOf ? this.#then(organizationId, id, asOf) : this.#now(organizationId, id);
  }

  async #then(organizationId: string, id: number, asOf: Date): Promise<ConversationOutput> {
    const [{ state, events }, definitions] = await Promise.all([
      this.past.load(conversationStream, String(id), organizationId, asOf),
      pastDefinitions(this.past, organizationId, asOf),
    ]);
    if (!state) throw notFound('Conversation', String(id));
    // Its key is destroyed, so it is anonymized by now.
    const anonymizedAt = state.details ? null : (await this.reader.row(organizationId, id)).anonymized_at;
    const customAttributes = shownValues(definitions, state.customAttributes);
    return Object.assign(shownConversation(pastConversation(state, events, anonymizedAt)), { customAttributes });
  }

  async #now(organizationId: string, id: number): Promise<ConversationOutput> {
    const [found, definitions] = await this.database.transact(organizationId, [
      conversationById(organizationId, id),
      attributeDefinitions(organizationId, 'Conversation'),
    ]);
    const row = found?.rows[0] as ConversationRow | undefined;
    if (!row) throw notFound('Conversation', String(id));
    const customAttributes = shownValues((definitions?.rows ?? []) as AttributeDefinition[], row.custom_attributes);
    return Object.assign(shownConversation(row), { customAttributes });
  }
}

@QueryHandler(ListEndUserConversations)
export class ListEndUserConversationsHandler implements IQueryHandler<ListEndUserConversations> {
  constructor(private readonly database: Database) {}

  async execute({ organizationId, userId, request }: ListEndUserConversations): Promise<Page<ConversationOutput>> {
    const text = `SELECT ${SHOWN_COLUMNS} FROM conversations WHERE organization_id = $1 AND requester_id = $2`;
    const values = [organizationId, userId];
    const page = await NEWEST_FIRST.read(this.database, organizationId, { text, values }, request);
    if (page.rows.length === 0) await this.#mustExist(organizationId, userId);
    return { ...page, rows: page.rows.map(shownConversation) };
  }

  async #mustExist(organizationId: string, userId: string): Promise<void> {
    const [endUser] = await this.database.query(organizationId, requesterById(organizationId, userId));
    if (!endUser) throw notFound('End user', userId);
  }
}

@QueryHandler(ListLinkedConversations)
export class ListLinkedConversationsHandler implements IQueryHandler<ListLinkedConversations> {
  constructor(
    private readonly database: Database,
    private readonly reader: ConversationReader,
  ) {}

  async execute({ organizationId, id }: ListLinkedConversations): Promise<ConversationOutput[]> {
    const { parent_id } = await this.reader.row(organizationId, id);
    const rows = await this.database.query<ShownRow>(organizationId, {
      text: `SELECT ${SHOWN_COLUMNS} FROM conversations
             WHERE organization_id = $1 AND (parent_id = $2 OR id = $3) ORDER BY id LIMIT 500`,
      values: [organizationId, id, parent_id],
    });
    return rows.map(shownConversation);
  }
}

@QueryHandler(ListConversationTags)
export class ListConversationTagsHandler implements IQueryHandler<ListConversationTags> {
  constructor(
    private readonly database: Database,
    private readonly reader: ConversationReader,
  ) {}

  async execute({ organizationId, id }: ListConversationTags): Promise<Tag[]> {
    const { tag_ids } = await this.reader.row(organizationId, id);
    const rows = await this.database.query<TagRow>(organizationId, {
      text: `SELECT id, name, color, state FROM tags WHERE organization_id = $1 AND id = ANY($2)
             ORDER BY array_position($2, id)`,
      values: [organizationId, tag_ids],
    });
    return rows.map(shownTag);
  }
}

import { Injectable } from '@nestjs/common';
import { type AttributeDefinition, shownValues } from '#libs/custom-attributes/attribute-values.published.js';
import { Database } from '#libs/database/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { EntityReader, SHOWN_WITH_STATE, type StateRow } from '#libs/event-store/entity-reader.js';
import { type TagName } from '#libs/tags/tag.published.js';
import { type Conversation } from './conversation.rules.js';
import { shownConversation } from './conversation.shown.js';
import { conversationStream } from './conversation.stream.js';
import { MessageReader } from './message.reader.js';

interface FullRow extends StateRow<Conversation> {
  created_at: Date;
}

const OLDEST_FIRST = new Keyset<FullRow>(
  [
    { name: 'created_at', type: 'timestamptz', of: (row) => row.created_at.toISOString() },
    { name: 'id', type: 'bigint', of: (row) => row.id },
  ],
  'ASC',
);
const SELECT = `SELECT ${SHOWN_WITH_STATE}, created_at FROM conversations WHERE organization_id = $1 AND requester_id = $2`;
const AT_ONCE = 50;

export { MessageReader };

/** Reads conversations with fields that lists do not show. */
@Injectable()
export class ConversationsInFull {
  constructor(
    private readonly database: Database,
    private readonly reader: EntityReader,
    private readonly messages: MessageReader,
  ) {}

  /**
   * Yields pages of an end user's conversations, oldest first, with their custom attributes, the names of their
   * tags, and their messages, which are read as they are taken.
   * @param definitions of the custom attributes of conversations
   */
  async *of(organizationId: string, userId: string, definitions: AttributeDefinition[]) {
    const select = { text: SELECT, values: [organizationId, userId] };
    let request: PageRequest | undefined = { limit: AT_ONCE };
    while (request) {
      const page: Page<FullRow> = await OLDEST_FIRST.read(this.database, organizationId, select, request);
      const rows = await this.reader.fresh(conversationStream, organizationId, page.rows);
      const names = await this.#tagNames(organizationId, rows);
      yield rows.map(({ document }) => {
        const customAttributes = shownValues(definitions, document.customAttributes);
        const tags = document.tagIds.flatMap((id) => names.get(id) ?? []);
        const messages = this.messages.all(organizationId, document);
        return Object.assign(shownConversation(document), { customAttributes, tags, messages });
      });
      request = page.next && { limit: AT_ONCE, cursor: page.next };
    }
  }

  async #tagNames(organizationId: string, rows: FullRow[]): Promise<Map<string, string>> {
    const ids = [...new Set(rows.flatMap(({ document }) => document.tagIds))];
    if (ids.length === 0) return new Map();
    const tags = await this.database.query<TagName>(organizationId, {
      text: 'SELECT id, name FROM tags WHERE organization_id = $1 AND id = ANY($2)',
      values: [organizationId, ids],
    });
    return new Map(tags.map(({ id, name }) => [id, name]));
  }
}

import { type AttributeDefinition, shownValues } from '#libs/custom-attributes/attribute-values.js';
import { type AttributeValues } from '#libs/custom-attributes/custom-attribute.js';
import { type Database } from '#libs/platform/database.js';
import { Keyset, type Page, type PageRequest } from '#libs/platform/keyset.js';
import { SHOWN_COLUMNS, shownConversation, type ShownRow } from './shown-conversation.js';

interface FullRow extends ShownRow {
  custom_attributes: AttributeValues;
  tags: string[];
}

const OLDEST_FIRST = new Keyset<FullRow>(
  [
    { name: 'created_at', type: 'timestamptz', of: (row) => row.created_at.toISOString() },
    { name: 'id', type: 'bigint', of: (row) => row.id },
  ],
  'ASC',
);
const SELECT = `SELECT ${SHOWN_COLUMNS}, custom_attributes,
    ARRAY(SELECT t.name FROM tags t WHERE t.organization_id = c.organization_id AND t.id = ANY(c.tag_ids)
      ORDER BY array_position(c.tag_ids, t.id)) AS tags
  FROM conversations c WHERE organization_id = $1 AND requester_id = $2`;
const AT_ONCE = 50;

/**
 * An end user's conversations with their custom attributes and the names of their tags, oldest first and a page at a time.
 * @param definitions those of conversations
 */
export async function* conversationsInFull(
  database: Database,
  organizationId: string,
  userId: string,
  definitions: AttributeDefinition[],
) {
  const select = { text: SELECT, values: [organizationId, userId] };
  let request: PageRequest | undefined = { limit: AT_ONCE };
  while (request) {
    const page: Page<FullRow> = await OLDEST_FIRST.read(database, organizationId, select, request);
    yield page.rows.map((row) => {
      const customAttributes = shownValues(definitions, row.custom_attributes);
      return Object.assign(shownConversation(row), { customAttributes, tags: row.tags });
    });
    request = page.next && { limit: AT_ONCE, cursor: page.next };
  }
}

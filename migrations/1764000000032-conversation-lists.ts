import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { buildIndex, dropIndex, isThere } from './in-service.js';

/**
 * What conversations are listed by. The previous version does not know the column and the tables and keeps working; a
 * worker fills them.
 */
export class ConversationLists1764000000032 implements MigrationInterface {
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    // Since when it is closed, if it is.
    await db.query('ALTER TABLE conversations ADD COLUMN IF NOT EXISTS closed_at timestamptz');
    for (const [name, on] of INDEXES) await buildIndex(db, name, `conversations (organization_id, ${on}`);
    await dropIndex(db, 'conversations_of_assignee');
    if (!(await isThere(db, 'conversation_tags'))) await db.query(PARTS);
  }

  async down(db: QueryRunner): Promise<void> {
    const created = FILTERS.flatMap((filter) => [`conversations_of_${filter}`, `conversations_of_${filter}_by_update`]);
    await db.query(`
      DROP TABLE conversation_tags, conversation_attributes;
      REVOKE INSERT, DELETE ON end_user_attributes FROM deskstream_worker;
      DROP INDEX conversations_by_creation, conversations_by_update, ${created.join(', ')};
      ALTER TABLE conversations DROP COLUMN closed_at;
      CREATE INDEX conversations_of_assignee ON conversations (organization_id, assignee_id)
        WHERE assignee_id IS NOT NULL;
    `);
  }
}

/**
 * Columns of filters that may match many conversations, so that each order needs an index of its own. Each index has
 * the other order's column, too: a period of one in the order of the other is checked without looking at the rows.
 */
const FILTERS = ['state', 'channel', 'queue_id', 'assignee_id'];

/** Names, and what follows the organization. */
const INDEXES: [string, string][] = [
  ['conversations_by_creation', 'created_at, id, recorded_at)'],
  ['conversations_by_update', 'recorded_at, id, created_at)'],
  ['conversations_closed', 'closed_at) WHERE closed_at IS NOT NULL'],
  ...FILTERS.flatMap((filter): [string, string][] => [
    [`conversations_of_${filter}`, `${filter}, created_at, id, recorded_at) WHERE ${filter} IS NOT NULL`],
    [`conversations_of_${filter}_by_update`, `${filter}, recorded_at, id, created_at) WHERE ${filter} IS NOT NULL`],
  ]),
];

/** Workers make the rows anew when the conversation's row is of another shape. */
const PARTS = `
  CREATE TABLE conversation_tags (
    organization_id uuid NOT NULL,
    conversation_id bigint NOT NULL,
    tag_id uuid NOT NULL,
    PRIMARY KEY (organization_id, conversation_id, tag_id)
  );
  CREATE INDEX conversation_tags_tag ON conversation_tags (organization_id, tag_id, conversation_id);
  SELECT protect_projection('conversation_tags');

  CREATE TABLE conversation_attributes (
    organization_id uuid NOT NULL,
    conversation_id bigint NOT NULL,
    attribute_id uuid NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (organization_id, conversation_id, attribute_id, value)
  );
  CREATE INDEX conversation_attributes_value
    ON conversation_attributes (organization_id, attribute_id, value, conversation_id);
  SELECT protect_projection('conversation_attributes');

  GRANT INSERT, DELETE ON conversation_tags, conversation_attributes, end_user_attributes TO deskstream_worker;
`;

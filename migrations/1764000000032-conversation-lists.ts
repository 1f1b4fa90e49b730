import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What conversations are listed by. The previous version does not know the column and the tables and keeps working; a
 * worker fills them.
 */
export class ConversationLists1764000000032 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(INDEXES);
    await db.query(PARTS);
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

const indexesOf = (filter: string) => `
  CREATE INDEX conversations_of_${filter} ON conversations (organization_id, ${filter}, created_at, id, recorded_at)
    WHERE ${filter} IS NOT NULL;
  CREATE INDEX conversations_of_${filter}_by_update ON conversations (organization_id, ${filter}, recorded_at, id, created_at)
    WHERE ${filter} IS NOT NULL;
`;

const INDEXES = `
  -- Since when it is closed, if it is.
  ALTER TABLE conversations ADD COLUMN closed_at timestamptz;
  CREATE INDEX conversations_by_creation ON conversations (organization_id, created_at, id, recorded_at);
  CREATE INDEX conversations_by_update ON conversations (organization_id, recorded_at, id, created_at);
  CREATE INDEX conversations_closed ON conversations (organization_id, closed_at) WHERE closed_at IS NOT NULL;
  ${FILTERS.map(indexesOf).join('')}
  DROP INDEX conversations_of_assignee;
`;

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

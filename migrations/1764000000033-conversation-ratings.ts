import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Ratings of conversations. The previous version does not know the table and keeps working. */
export class ConversationRatings1764000000033 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE conversation_ratings (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        conversation_id bigint NOT NULL,
        -- Of the event that offered it: the order of the list.
        version integer NOT NULL,
        type text NOT NULL,
        agent_id uuid NOT NULL,
        user_id uuid NOT NULL,
        offered_at timestamptz NOT NULL,
        score smallint,
        comment text,
        rated_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      CREATE INDEX conversation_ratings_in_order ON conversation_ratings (organization_id, conversation_id, version);
      SELECT protect_projection('conversation_ratings');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE conversation_ratings');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Notes of conversations. The previous version does not know the table and keeps working. */
export class ConversationNotes1764000000029 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE conversation_notes (
        organization_id uuid NOT NULL,
        conversation_id bigint NOT NULL,
        id uuid NOT NULL,
        author_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        -- Of the event: orders notes of the same instant.
        version integer NOT NULL,
        message text NOT NULL,
        PRIMARY KEY (organization_id, conversation_id, id)
      );
      SELECT protect_projection('conversation_notes');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE conversation_notes');
  }
}

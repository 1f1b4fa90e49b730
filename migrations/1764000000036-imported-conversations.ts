import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** External ids of imported conversations. */
export class ImportedConversations1764000000036 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE conversations ADD COLUMN external_id text;
      CREATE UNIQUE INDEX conversations_external_id ON conversations (organization_id, external_id)
        WHERE external_id IS NOT NULL;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE conversations DROP COLUMN external_id');
  }
}

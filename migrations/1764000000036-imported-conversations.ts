import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { buildIndex } from './in-service.js';

/** External ids of imported conversations. */
export class ImportedConversations1764000000036 implements MigrationInterface {
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE conversations ADD COLUMN IF NOT EXISTS external_id text');
    const on = 'conversations (organization_id, external_id) WHERE external_id IS NOT NULL';
    await buildIndex(db, 'conversations_external_id', on, { unique: true });
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE conversations DROP COLUMN external_id');
  }
}

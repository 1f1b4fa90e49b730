import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { nameKey } from '#libs/platform/text.js';
import { fillKeys } from './rekeying.js';

/** Search and sort keys of end users come with the events: names folded as tags are, values in NFC. */
export class SearchKeys1764000000021 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE end_users NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE end_user_attributes NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE end_users ALTER COLUMN search_name DROP EXPRESSION;
    `);
    await fillKeys(db, 'end_users', 'display_name', 'search_name', nameKey);
    await db.query(`
      INSERT INTO end_user_attributes (organization_id, end_user_id, attribute_id, value)
        SELECT organization_id, end_user_id, attribute_id, normalize(value, NFC) FROM end_user_attributes
        WHERE value IS NOT NFC NORMALIZED ON CONFLICT DO NOTHING;
      DELETE FROM end_user_attributes WHERE value IS NOT NFC NORMALIZED;
      ALTER TABLE end_users FORCE ROW LEVEL SECURITY;
      ALTER TABLE end_user_attributes FORCE ROW LEVEL SECURITY;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE end_users DROP COLUMN search_name;
      ALTER TABLE end_users
        ADD COLUMN search_name text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(coalesce(display_name, ''))) STORED;
      CREATE INDEX end_users_by_name ON end_users (organization_id, search_name, id, updated_at);
      CREATE INDEX end_users_by_update ON end_users (organization_id, updated_at, id, search_name);
    `);
  }
}

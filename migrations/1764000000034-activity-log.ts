import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The index of the activity log of an organization. */
export class ActivityLog1764000000034 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX events_of_conversations ON events (organization_id, recorded_at, position)
        WHERE starts_with(stream, 'conversation-')
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX events_of_conversations');
  }
}

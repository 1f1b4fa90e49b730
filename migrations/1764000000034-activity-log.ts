import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { buildIndex } from './in-service.js';

/** The index of the activity log of an organization. */
export class ActivityLog1764000000034 implements MigrationInterface {
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    const on = "events (organization_id, recorded_at, position) WHERE starts_with(stream, 'conversation-')";
    await buildIndex(db, 'events_of_conversations', on);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX events_of_conversations');
  }
}

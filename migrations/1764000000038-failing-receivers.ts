import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Finds the receivers that fail worst without a look at all. The previous version keeps working on this table. */
export class FailingReceivers1764000000038 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX webhook_health_failing ON webhook_health (failures) WHERE failures > 0');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX webhook_health_failing');
  }
}

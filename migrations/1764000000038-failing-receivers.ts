import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { buildIndex, dropIndex } from './in-service.js';

/** Finds the receivers that fail worst without a look at all. The previous version keeps working on this table. */
export class FailingReceivers1764000000038 implements MigrationInterface {
  transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await buildIndex(db, 'webhook_health_failing', 'webhook_health (failures) WHERE failures > 0');
  }

  async down(db: QueryRunner): Promise<void> {
    await dropIndex(db, 'webhook_health_failing');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Where an organization's phone numbers are from, when they do not say. */
export class DefaultRegion1764000000005 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE organizations ADD COLUMN default_region text');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE organizations DROP COLUMN default_region');
  }
}

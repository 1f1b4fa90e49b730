import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The default region of an organization's phone numbers. */
export class DefaultRegion1764000000005 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE organizations ADD COLUMN default_region text');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE organizations DROP COLUMN default_region');
  }
}

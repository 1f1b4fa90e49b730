import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The list of an organization's deliveries over all its subscriptions. Writes go on while the index is built. */
export class DeliveriesOfOrganization1764000000037 implements MigrationInterface {
  transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_deliveries_of_organization ON webhook_deliveries
        (organization_id, state, created_at, position, subscription_id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_of_organization');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { buildIndex, dropIndex } from './in-service.js';

/** The list of an organization's deliveries over all its subscriptions. */
export class DeliveriesOfOrganization1764000000037 implements MigrationInterface {
  transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await buildIndex(
      db,
      'webhook_deliveries_of_organization',
      'webhook_deliveries (organization_id, state, created_at, position, subscription_id)',
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await dropIndex(db, 'webhook_deliveries_of_organization');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** One index for lists of deliveries with any filter; and none by the time of events, which no query uses. */
export class BoundedScans1764000000022 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP INDEX webhook_deliveries_listed, webhook_deliveries_given_up, events_recorded;
      CREATE INDEX webhook_deliveries_listed ON webhook_deliveries
        (organization_id, subscription_id, state, event_name, created_at, position);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP INDEX webhook_deliveries_listed;
      CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (organization_id, subscription_id, position);
      CREATE INDEX webhook_deliveries_given_up ON webhook_deliveries (organization_id, subscription_id, position)
        WHERE state IN ('exhausted', 'cancelled');
      CREATE INDEX events_recorded ON events USING brin (recorded_at) WITH (autosummarize = on);
    `);
  }
}

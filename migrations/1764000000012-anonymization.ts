import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read table of anonymization requests, and what the redaction of deliveries needs. */
export class Anonymization1764000000012 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE anonymization_requests (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        entity text NOT NULL,
        target_id text NOT NULL,
        initiated_at timestamptz NOT NULL,
        requested_by uuid NOT NULL,
        processed_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      CREATE INDEX anonymization_requests_open ON anonymization_requests (initiated_at) WHERE processed_at IS NULL;
      SELECT protect_projection('anonymization_requests');

      ALTER TABLE webhook_messages ADD COLUMN redacted_at timestamptz;
      GRANT UPDATE (body, redacted_at) ON webhook_messages TO deskstream_worker;
      GRANT UPDATE (response_text) ON webhook_attempts TO deskstream_worker;
      CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (organization_id, event_id);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP INDEX webhook_deliveries_of_event;
      ALTER TABLE webhook_messages DROP COLUMN redacted_at;
      DROP TABLE anonymization_requests;
    `);
  }
}

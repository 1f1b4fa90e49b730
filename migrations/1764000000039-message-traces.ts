import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The trace that a message belongs to. The previous version keeps working on this table. */
export class MessageTraces1764000000039 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE webhook_messages ADD COLUMN traceparent text;
      COMMENT ON COLUMN webhook_messages.traceparent IS 'W3C trace context, sent to the receivers';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE webhook_messages DROP COLUMN traceparent');
  }
}

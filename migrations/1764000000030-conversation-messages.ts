import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Messages of conversations, and keys of single events. The previous version does not know them and keeps working. */
export class ConversationMessages1764000000030 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- The own keys of events, each sealed under the master key. Without its row, the event's personal data is gone.
      CREATE TABLE event_keys (
        organization_id uuid NOT NULL,
        stream text NOT NULL,
        event_id uuid NOT NULL,
        event_key text NOT NULL,
        PRIMARY KEY (organization_id, stream, event_id)
      );
      SELECT protect_tenant_table('event_keys', 'SELECT, INSERT, DELETE', 'SELECT');

      CREATE TABLE conversation_messages (
        organization_id uuid NOT NULL,
        conversation_id bigint NOT NULL,
        id uuid NOT NULL,
        author_id uuid NOT NULL,
        direction text NOT NULL,
        created_at timestamptz NOT NULL,
        -- Of the event: orders messages of the same instant.
        version integer NOT NULL,
        external_id text,
        -- What the message says; absent once it is anonymized.
        body jsonb,
        -- Its HTML as a page can show it.
        sanitized text,
        PRIMARY KEY (organization_id, id)
      );
      CREATE INDEX conversation_messages_in_order
        ON conversation_messages (organization_id, conversation_id, created_at, version);
      CREATE UNIQUE INDEX conversation_messages_external_id
        ON conversation_messages (organization_id, conversation_id, external_id) WHERE external_id IS NOT NULL;
      SELECT protect_projection('conversation_messages');

      ALTER TABLE conversations ADD COLUMN last_message_at timestamptz;
      ALTER TABLE organizations ADD COLUMN replies_to_closed text;
      ALTER TABLE anonymization_requests ADD COLUMN conversation_id bigint;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE anonymization_requests DROP COLUMN conversation_id;
      ALTER TABLE organizations DROP COLUMN replies_to_closed;
      ALTER TABLE conversations DROP COLUMN last_message_at;
      DROP TABLE conversation_messages;
      DROP TABLE event_keys;
    `);
  }
}

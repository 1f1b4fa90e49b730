import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Requests with an Idempotency-Key, and their answers. */
export class IdempotencyKeys1764000000016 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE idempotency_keys (
        organization_id uuid NOT NULL,
        token_id uuid NOT NULL,
        -- SHA-256 in hex: a key may be anything, such as an address.
        key_hash text NOT NULL,
        -- SHA-256 in hex of method, path and body; empty once a person whom they tell of is forgotten.
        fingerprint text NOT NULL,
        -- Sealed: answers hold secrets.
        answer text,
        -- Streams of those of whom request and answer may tell.
        personal_streams text[] NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, token_id, key_hash)
      );
      CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
      CREATE INDEX idempotency_keys_people ON idempotency_keys USING gin (personal_streams);
      SELECT protect_tenant_table('idempotency_keys', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE, DELETE');

      -- The sign keeps these locks apart from those of writers, whose numbers are positive.
      CREATE FUNCTION take_idempotency_key(organization uuid, token uuid, key_hash text) RETURNS boolean LANGUAGE sql AS
        $$ SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws('|', organization, token, key_hash), 0) | (1::bigint << 63)) $$;

      -- Whoever locks a row must have the right to change one of its columns.
      GRANT UPDATE (stream) ON stream_keys TO deskstream_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      REVOKE UPDATE (stream) ON stream_keys FROM deskstream_app;
      DROP FUNCTION take_idempotency_key;
      DROP TABLE idempotency_keys;
    `);
  }
}

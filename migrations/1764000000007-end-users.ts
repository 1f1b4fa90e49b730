import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read tables of end users and of their addresses. */
export class EndUsers1764000000007 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE end_users (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        display_name text,
        email text,
        phone_number text,
        additional_emails text[] NOT NULL DEFAULT '{}',
        additional_phone_numbers text[] NOT NULL DEFAULT '{}',
        first_name text,
        last_name text,
        middle_names text[] NOT NULL DEFAULT '{}',
        avatar_url text,
        external_id text,
        custom_attributes jsonb NOT NULL DEFAULT '{}',
        anonymization_requested_at timestamptz,
        anonymized_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      SELECT protect_projection('end_users');

      CREATE TABLE end_user_addresses (
        organization_id uuid NOT NULL,
        end_user_id uuid NOT NULL,
        field text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('email', 'phone', 'externalId')),
        value text NOT NULL,
        PRIMARY KEY (organization_id, end_user_id, field, value)
      );
      CREATE UNIQUE INDEX end_user_addresses_value ON end_user_addresses (organization_id, kind, value);
      SELECT protect_projection('end_user_addresses');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE end_user_addresses, end_users');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read table of contact endpoints. The previous version does not know the table and keeps working. */
export class ContactEndpoints1764000000031 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE contact_endpoints (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        version integer NOT NULL,
        shape smallint NOT NULL,
        recorded_at timestamptz,
        document json,
        shown text,
        type text NOT NULL,
        -- An e-mail address or a phone number.
        address text NOT NULL,
        address_key text NOT NULL,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX contact_endpoints_address ON contact_endpoints (organization_id, type, address_key);
      SELECT protect_projection('contact_endpoints');
      GRANT UPDATE ON contact_endpoints TO deskstream_worker;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE contact_endpoints');
  }
}

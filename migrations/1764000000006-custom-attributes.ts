import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read table of custom attributes: their definitions, not their values. */
export class CustomAttributes1764000000006 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE custom_attributes (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        entity_type text NOT NULL,
        identifier text NOT NULL,
        label text NOT NULL,
        description text,
        is_required boolean NOT NULL,
        is_deactivated boolean NOT NULL,
        is_archived boolean NOT NULL,
        input_definition jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX custom_attributes_identifier
        ON custom_attributes (organization_id, entity_type, lower(identifier));
      SELECT protect_projection('custom_attributes');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE custom_attributes');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read table of tags. */
export class Tags1764000000002 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE tags (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        color text,
        state text NOT NULL,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX tags_name ON tags (organization_id, lower(name));
      SELECT protect_projection('tags');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE tags');
  }
}

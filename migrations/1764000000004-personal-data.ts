import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The keys that seal personal data in events, and what appends across streams need. */
export class PersonalData1764000000004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- One key a stream, itself sealed under the master key. Without its row, the stream's personal data is gone for good.
      CREATE TABLE stream_keys (
        organization_id uuid NOT NULL,
        stream text NOT NULL,
        sealed_key text NOT NULL,
        PRIMARY KEY (organization_id, stream)
      );
      SELECT protect_tenant_table('stream_keys', 'SELECT, INSERT, DELETE', 'SELECT');

      -- Refuses all that is written along with it, as if another had been first: the writer reads again and decides anew.
      CREATE FUNCTION guard(holds boolean) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        IF NOT coalesce(holds, false) THEN
          RAISE EXCEPTION 'What this was decided on has changed' USING ERRCODE = 'DS001';
        END IF;
      END $$;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP FUNCTION guard; DROP TABLE stream_keys');
  }
}

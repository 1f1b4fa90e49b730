import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** How far the relay is, for an organization that asks. The previous version does not know it and keeps working. */
export class RelayPosition1764000000040 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- Runs with the owner's rights: the application may not read the checkpoints, which are those of all organizations.
      CREATE FUNCTION relay_position(organization uuid) RETURNS bigint
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
        $$ SELECT position FROM checkpoints WHERE consumer = 'webhooks/' || partition_of(organization) $$;
      REVOKE EXECUTE ON FUNCTION relay_position FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION relay_position TO deskstream_app;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP FUNCTION relay_position');
  }
}

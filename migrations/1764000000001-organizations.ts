import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Read tables of organizations and API tokens, and the installation's record of itself. */
export class Organizations1764000000001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE organizations (
        organization_id uuid PRIMARY KEY,
        name text NOT NULL
      );
      SELECT protect_projection('organizations');

      CREATE TABLE api_tokens (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        actor_id uuid NOT NULL,
        token_hash text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (token_hash);
      SELECT protect_projection('api_tokens');

      -- A request's organization is not known before its token is: whoever holds a token may see that token's row.
      CREATE POLICY by_possession ON api_tokens FOR SELECT TO deskstream_app
        USING (token_hash = nullif(current_setting('app.token_hash', true), ''));
      CREATE FUNCTION find_api_token(in_hash text) 
      RETURNS TABLE (organization_id uuid, id uuid, actor_id uuid, token_hash text) LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('app.token_hash', in_hash, true);
        RETURN QUERY SELECT t.organization_id, t.id, t.actor_id, t.token_hash FROM api_tokens t WHERE t.token_hash = in_hash;
      END $$;

      -- One row, written when the database is set up.
      CREATE TABLE installation (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        -- Opens with the right master key only.
        key_check text NOT NULL,
        demo_organization_id uuid NOT NULL DEFAULT gen_random_uuid(),
        demo_administrator_id uuid NOT NULL DEFAULT gen_random_uuid()
      );
      GRANT SELECT ON installation TO deskstream_app, deskstream_worker;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE installation, api_tokens, organizations; DROP FUNCTION find_api_token');
  }
}

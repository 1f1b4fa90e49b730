import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Scopes of tokens. Those issued before may do everything. */
export class TokenScopes1764000000014 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE api_tokens ADD COLUMN scopes text[] NOT NULL DEFAULT '{admin}';
      ALTER TABLE api_tokens ALTER COLUMN scopes DROP DEFAULT;
      DROP FUNCTION find_api_token;
      CREATE FUNCTION find_api_token(in_hash text)
      RETURNS TABLE (organization_id uuid, id uuid, actor_id uuid, token_hash text, scopes text[]) LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('app.token_hash', in_hash, true);
        RETURN QUERY SELECT t.organization_id, t.id, t.actor_id, t.token_hash, t.scopes FROM api_tokens t
          WHERE t.token_hash = in_hash;
      END $$;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP FUNCTION find_api_token;
      CREATE FUNCTION find_api_token(in_hash text)
      RETURNS TABLE (organization_id uuid, id uuid, actor_id uuid, token_hash text) LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('app.token_hash', in_hash, true);
        RETURN QUERY SELECT t.organization_id, t.id, t.actor_id, t.token_hash FROM api_tokens t WHERE t.token_hash = in_hash;
      END $$;
      ALTER TABLE api_tokens DROP COLUMN scopes;
    `);
  }
}

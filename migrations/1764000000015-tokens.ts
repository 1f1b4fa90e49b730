import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** API tokens that expire, are rotated and revoked, and have their own limits; and when each was last used. */
export class Tokens1764000000015 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(TOKENS);
    await db.query(LOOK_UP);
    await db.query(USAGE);
  }

  down(): Promise<void> {
    throw new Error('Tokens that are revoked or have expired would count again; restore a backup instead');
  }
}

/** Until now, tokens were issued by the agent that they act for. */
const TOKENS = `
  ALTER TABLE api_tokens
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN revoked_at timestamptz,
    ADD COLUMN previous_hash text,
    -- Until then, the secret before the last rotation works, too.
    ADD COLUMN previous_until timestamptz,
    ADD COLUMN rate_per_second integer,
    ADD COLUMN rate_burst integer,
    ADD COLUMN created_by uuid,
    ADD COLUMN created_by_token uuid;
  ALTER TABLE api_tokens NO FORCE ROW LEVEL SECURITY;
  UPDATE api_tokens SET created_by = actor_id;
  ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;
  ALTER TABLE api_tokens ALTER COLUMN created_by SET NOT NULL;
  CREATE UNIQUE INDEX api_tokens_previous_hash ON api_tokens (previous_hash);
`;

/** Finds the token of a hash, whether valid or not; with replaced_at if the hash is of the previous secret. */
const LOOK_UP = `
  DROP POLICY by_possession ON api_tokens;
  CREATE POLICY by_possession ON api_tokens FOR SELECT TO deskstream_app USING (
    token_hash = nullif(current_setting('app.token_hash', true), '')
    OR previous_hash = nullif(current_setting('app.token_hash', true), ''));
  DROP FUNCTION find_api_token;
  CREATE FUNCTION find_api_token(in_hash text)
  RETURNS TABLE (organization_id uuid, id uuid, actor_id uuid, token_hash text, scopes text[], expires_at timestamptz,
    revoked_at timestamptz, replaced_at timestamptz, rate_per_second integer, rate_burst integer)
  LANGUAGE plpgsql AS $$ BEGIN
    PERFORM set_config('app.token_hash', in_hash, true);
    RETURN QUERY
      SELECT t.organization_id, t.id, t.actor_id, t.token_hash, t.scopes, t.expires_at, t.revoked_at,
        NULL::timestamptz, t.rate_per_second, t.rate_burst
      FROM api_tokens t WHERE t.token_hash = in_hash
      UNION ALL
      SELECT t.organization_id, t.id, t.actor_id, t.previous_hash, t.scopes, t.expires_at, t.revoked_at,
        t.previous_until, t.rate_per_second, t.rate_burst
      FROM api_tokens t WHERE t.previous_hash = in_hash;
  END $$;
`;

const USAGE = `
  CREATE TABLE api_token_usage (
    organization_id uuid NOT NULL,
    token_id uuid NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, token_id)
  ) WITH (fillfactor = 50);
  SELECT protect_tenant_table('api_token_usage', 'SELECT, INSERT, UPDATE', 'SELECT');
`;

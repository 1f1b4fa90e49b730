import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Each API token gets its own stream, and may have two earlier secrets besides the current one. */
export class TokenStreams1764000000024 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(COLUMNS);
    await db.query(LOOK_UP);
    await db.query(ADOPTION);
  }

  down(): Promise<void> {
    throw new Error('Events are never dropped; restore a backup instead');
  }
}

/** A new name for the hash: processes of the previous version, which use the old one, can no longer change tokens. */
const COLUMNS = `
  ALTER TABLE api_tokens RENAME COLUMN token_hash TO secret_hash;
  ALTER TABLE api_tokens
    ADD COLUMN earlier_hash text,
    -- Until then, the secret before the previous one works, too.
    ADD COLUMN earlier_until timestamptz;
  CREATE UNIQUE INDEX api_tokens_earlier_hash ON api_tokens (earlier_hash);
  CREATE INDEX api_tokens_in_force ON api_tokens (organization_id, coalesce(expires_at, 'infinity'))
    WHERE revoked_at IS NULL;
`;

const LOOK_UP = `
  DROP POLICY by_possession ON api_tokens;
  CREATE POLICY by_possession ON api_tokens FOR SELECT TO deskstream_app USING (
    secret_hash = nullif(current_setting('app.token_hash', true), '')
    OR previous_hash = nullif(current_setting('app.token_hash', true), '')
    OR earlier_hash = nullif(current_setting('app.token_hash', true), ''));
  CREATE OR REPLACE FUNCTION find_api_token(in_hash text)
  RETURNS TABLE (organization_id uuid, id uuid, actor_id uuid, token_hash text, scopes text[], expires_at timestamptz,
    revoked_at timestamptz, replaced_at timestamptz, rate_per_second integer, rate_burst integer)
  LANGUAGE plpgsql AS $$ BEGIN
    PERFORM set_config('app.token_hash', in_hash, true);
    RETURN QUERY
      SELECT t.organization_id, t.id, t.actor_id, t.secret_hash, t.scopes, t.expires_at, t.revoked_at,
        NULL::timestamptz, t.rate_per_second, t.rate_burst
      FROM api_tokens t WHERE t.secret_hash = in_hash
      UNION ALL
      SELECT t.organization_id, t.id, t.actor_id, t.previous_hash, t.scopes, t.expires_at, t.revoked_at,
        t.previous_until, t.rate_per_second, t.rate_burst
      FROM api_tokens t WHERE t.previous_hash = in_hash
      UNION ALL
      SELECT t.organization_id, t.id, t.actor_id, t.earlier_hash, t.scopes, t.expires_at, t.revoked_at,
        t.earlier_until, t.rate_per_second, t.rate_burst
      FROM api_tokens t WHERE t.earlier_hash = in_hash;
  END $$;
`;

/**
 * The first event of each stream: the current token. The organization is its actor. It is placed in the feed like any
 * append: under the lock that the feed's horizon looks for.
 */
const ADOPTION = `
  CREATE FUNCTION pg_temp.iso(instant timestamptz) RETURNS text LANGUAGE sql AS
    $$ SELECT to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
  ALTER TABLE api_tokens NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
  SELECT pg_advisory_xact_lock_shared(position_lock(pg_sequence_last_value('event_position')));
  INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata,
      recorded_at)
    SELECT t.organization_id, 'token-' || t.id, 1, nextval('event_position'), uuidv7(), 'ApiTokenAdopted', 1,
      jsonb_strip_nulls(jsonb_build_object('tokenId', t.id, 'name', t.name, 'actorId', t.actor_id,
        'tokenHash', t.secret_hash, 'scopes', t.scopes, 'expiresAt', pg_temp.iso(t.expires_at),
        'rateLimit', CASE WHEN t.rate_per_second IS NOT NULL
          THEN jsonb_build_object('perSecond', t.rate_per_second, 'burst', t.rate_burst) END,
        'createdAt', pg_temp.iso(t.created_at), 'createdBy', t.created_by, 'createdByToken', t.created_by_token,
        'revokedAt', pg_temp.iso(t.revoked_at),
        'previousHash', t.previous_hash, 'previousUntil', pg_temp.iso(t.previous_until))),
      jsonb_build_object('actorId', t.organization_id), date_trunc('milliseconds', clock_timestamp())
    FROM api_tokens t;
  ALTER TABLE events FORCE ROW LEVEL SECURITY;
  ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;
  DROP FUNCTION pg_temp.iso;
`;

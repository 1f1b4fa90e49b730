import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Read tables hold the states of entities, and streams have snapshots, so that no long stream is folded. */
export class EntityRows1764000000025 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(SNAPSHOTS);
    await db.query(PAST);
    for (const table of TABLES) await db.query(columnsOf(table));
    await db.query(DROPPED);
  }

  down(): Promise<void> {
    throw new Error('Columns of read tables are made from events; restore a backup instead');
  }
}

const TABLES = ['agents', 'conversations', 'custom_attributes', 'end_users', 'queues', 'tags', 'teams'];

/** Adds columns. Existing rows get shape 0, which no definition has: they are rebuilt from the events. */
const columnsOf = (table: string) => `
  ALTER TABLE ${table}
    ADD COLUMN version integer NOT NULL DEFAULT 0,
    ADD COLUMN shape smallint NOT NULL DEFAULT 0,
    ADD COLUMN recorded_at timestamptz,
    ADD COLUMN document json,
    ADD COLUMN shown text;
  GRANT UPDATE ON ${table} TO deskstream_worker;
`;

/** Columns that are in the state and that nothing searches, sorts or is unique by. */
const DROPPED = `
  ALTER TABLE tags DROP COLUMN color;
  ALTER TABLE custom_attributes DROP COLUMN description, DROP COLUMN is_required, DROP COLUMN updated_at;
  ALTER TABLE agents DROP COLUMN additional_emails, DROP COLUMN additional_phone_numbers, DROP COLUMN first_name,
    DROP COLUMN last_name, DROP COLUMN middle_names, DROP COLUMN avatar_url;
  ALTER TABLE queues DROP COLUMN settings, DROP COLUMN created_at;
  ALTER TABLE conversations DROP COLUMN direction, DROP COLUMN contact_point, DROP COLUMN language,
    DROP COLUMN state_updated_at, DROP COLUMN assigned_at, DROP COLUMN tag_ids, DROP COLUMN link_type,
    DROP COLUMN details, DROP COLUMN custom_attributes, DROP COLUMN anonymization_requested_at;
  ALTER TABLE end_users ADD COLUMN anonymization text;
  ALTER TABLE end_users NO FORCE ROW LEVEL SECURITY;
  UPDATE end_users SET anonymization = CASE WHEN anonymized_at IS NULL THEN 'requested' ELSE 'done' END
    WHERE anonymization_requested_at IS NOT NULL;
  ALTER TABLE end_users FORCE ROW LEVEL SECURITY;
  ALTER TABLE end_users DROP COLUMN anonymization_requested_at, DROP COLUMN anonymized_at, DROP COLUMN additional_emails,
    DROP COLUMN additional_phone_numbers, DROP COLUMN first_name, DROP COLUMN last_name, DROP COLUMN middle_names,
    DROP COLUMN avatar_url, DROP COLUMN external_id, DROP COLUMN additional_external_ids, DROP COLUMN custom_attributes;
`;

const SNAPSHOTS = `
  -- What streams were at some of their versions; sealed as the events are.
  CREATE TABLE snapshots (
    organization_id uuid NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    shape smallint NOT NULL,
    recorded_at timestamptz NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (organization_id, stream, version)
  );
  SELECT protect_tenant_table('snapshots', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT, UPDATE');

  -- Read tables that have no row of an earlier shape any more.
  CREATE TABLE renewed_tables (name text PRIMARY KEY, shape smallint NOT NULL);
  GRANT SELECT, INSERT, UPDATE ON renewed_tables TO deskstream_worker;
`;

const PAST = `
  -- The last version of a stream that was recorded by an instant; 0 when there was none. Times rise with versions, but
  -- for the difference of two processes' clocks: so the next few are looked at as well. What an entity shows as
  -- createdAt was read from the clock some milliseconds earlier once.
  CREATE FUNCTION version_known_by(in_organization uuid, in_stream text, instant timestamptz) RETURNS integer
  LANGUAGE plpgsql STABLE AS $$
  DECLARE
    low integer := 0;
    high integer := (SELECT version FROM events WHERE organization_id = in_organization AND stream = in_stream
      ORDER BY version DESC LIMIT 1);
    middle integer;
  BEGIN
    WHILE low < high LOOP
      middle := (low + high + 1) / 2;
      IF (SELECT least(recorded_at, CASE WHEN version = 1 THEN (data ->> 'createdAt')::timestamptz END) <= instant
          FROM events WHERE organization_id = in_organization AND stream = in_stream AND version = middle) THEN
        low := middle;
      ELSE
        high := middle - 1;
      END IF;
    END LOOP;
    RETURN coalesce((SELECT max(version) FROM events WHERE organization_id = in_organization AND stream = in_stream
      AND version > low AND version <= low + 100 AND recorded_at <= instant), low);
  END $$;
`;

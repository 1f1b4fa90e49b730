import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Columns that end users are searched and sorted by, and the targets of merges. */
export class SearchAndMerge1764000000019 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(COLUMNS);
    await db.query(ATTRIBUTES);
    await db.query(MERGED);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE merged_end_users, end_user_attributes;
      ALTER TABLE end_users DROP COLUMN search_name, DROP COLUMN updated_at, DROP COLUMN additional_external_ids;
    `);
  }
}

const COLUMNS = `
  ALTER TABLE end_users NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE end_users
    ADD COLUMN additional_external_ids text[] NOT NULL DEFAULT '{}',
    ADD COLUMN updated_at timestamptz,
    -- Never NULL, for lists are sorted by it; compared byte by byte, so that an index finds prefixes.
    ADD COLUMN search_name text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(coalesce(display_name, ''))) STORED;
  UPDATE end_users u SET updated_at = e.recorded_at FROM (
      SELECT DISTINCT ON (organization_id, stream) organization_id, stream, recorded_at FROM events
      WHERE stream LIKE 'endUser-%' ORDER BY organization_id, stream, version DESC) e
    WHERE e.organization_id = u.organization_id AND e.stream = 'endUser-' || u.id;
  ALTER TABLE end_users ALTER COLUMN updated_at SET NOT NULL;
  -- Each has the other's column, too: what both are asked for is found without looking at the rows.
  CREATE INDEX end_users_by_name ON end_users (organization_id, search_name, id, updated_at);
  CREATE INDEX end_users_by_update ON end_users (organization_id, updated_at, id, search_name);
  ALTER TABLE events FORCE ROW LEVEL SECURITY;
`;

/** A separate table, so that changes of other fields do not touch its index. */
const ATTRIBUTES = `
  CREATE TABLE end_user_attributes (
    organization_id uuid NOT NULL,
    end_user_id uuid NOT NULL,
    attribute_id uuid NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (organization_id, end_user_id, attribute_id, value)
  );
  INSERT INTO end_user_attributes
    SELECT DISTINCT u.organization_id, u.id, a.key::uuid, v.value FROM end_users u
      CROSS JOIN jsonb_each(u.custom_attributes) a
      CROSS JOIN jsonb_array_elements_text(
        CASE jsonb_typeof(a.value) WHEN 'array' THEN a.value ELSE jsonb_build_array(a.value) END) v
    WHERE length(v.value) <= 255;
  CREATE INDEX end_user_attributes_value ON end_user_attributes (organization_id, attribute_id, value, end_user_id);
  SELECT protect_projection('end_user_attributes');
  ALTER TABLE end_users FORCE ROW LEVEL SECURITY;
`;

const MERGED = `
  CREATE TABLE merged_end_users (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    into_id uuid NOT NULL,
    PRIMARY KEY (organization_id, id)
  );
  CREATE INDEX merged_end_users_into ON merged_end_users (organization_id, into_id);
  SELECT protect_projection('merged_end_users');
`;

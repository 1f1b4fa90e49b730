import pg from 'pg';
import { withDatabase } from '../dist/libs/embedded-postgres/embedded-postgres.js';

/** The events table of a peer, with the columns and indexes of Deskstream's table. */
export const EVENTS_TABLE = `
  CREATE SEQUENCE event_position;
  CREATE TABLE events (
    organization_id uuid NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    data jsonb NOT NULL,
    metadata jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, stream, version)
  );
  CREATE INDEX events_position ON events (position);
`;

/** The tags table of the bare peer, with the columns and indexes of Deskstream's read table. */
export const BARE_TAGS_TABLE = `
  CREATE TABLE tags (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    twin text COLLATE "C" NOT NULL DEFAULT '',
    version integer NOT NULL DEFAULT 0,
    shape smallint NOT NULL DEFAULT 0,
    recorded_at timestamptz,
    document json,
    shown text,
    PRIMARY KEY (organization_id, id)
  );
  CREATE UNIQUE INDEX tags_name ON tags (organization_id, name_key, twin);
`;

/** The tags table of the CRUD peer, with TypeORM's default key. */
export const CRUD_TAGS_TABLE = `
  CREATE TABLE tags (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    name text NOT NULL,
    color text,
    state text NOT NULL DEFAULT 'Active'
  );
  CREATE UNIQUE INDEX tags_name ON tags (organization_id, lower(name));
`;

/** The end users and conversations of the CRUD peer, with the indexes that its queries need. */
export const CRUD_PEOPLE_TABLES = `
  ${CRUD_TAGS_TABLE}
  CREATE TABLE end_users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    display_name text,
    email text,
    phone_number text,
    first_name text,
    last_name text,
    external_id text,
    additional_emails text[] NOT NULL DEFAULT '{}',
    additional_phone_numbers text[] NOT NULL DEFAULT '{}',
    additional_external_ids text[] NOT NULL DEFAULT '{}',
    middle_names text[] NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE UNIQUE INDEX end_users_email ON end_users (organization_id, email);
  CREATE UNIQUE INDEX end_users_phone ON end_users (organization_id, phone_number);
  CREATE UNIQUE INDEX end_users_external_id ON end_users (organization_id, external_id);
  CREATE INDEX end_users_created ON end_users (organization_id, created_at, id);
  CREATE TABLE conversations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL,
    requester_id uuid NOT NULL,
    channel text NOT NULL,
    state text NOT NULL DEFAULT 'Open',
    subject text,
    message jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    state_updated_at timestamptz NOT NULL DEFAULT now(),
    direction text NOT NULL,
    from_email text NOT NULL,
    to_email text NOT NULL,
    integration_email text NOT NULL
  );
  CREATE INDEX conversations_requester ON conversations (organization_id, requester_id, created_at, id);
`;

/** Creates a database with tables on the server of another database, and returns its URL. */
export async function createDatabase(ownerUrl, name, tables = '') {
  await execute(ownerUrl, `CREATE DATABASE ${name}`);
  const url = withDatabase(ownerUrl, name);
  await execute(url, tables);
  return url;
}

async function execute(url, text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { type AddressKind, keyOfAddress } from '#libs/end-users/addresses.published.js';
import { emailKey } from '#libs/people/contact.js';
import { tagKey } from '#libs/tags/tag.stream.js';
import { fillKeys, replaceByKeys } from './rekeying.js';

/**
 * Keys that names and addresses are compared by. Values that an earlier version told apart and this one does not are
 * twins: the key finds the older one and is taken by it; the younger ones keep their values, distinguished by `twin`.
 */
export class TextKeys1764000000020 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(TWINS);
    await db.query(force('NO FORCE'));
    await keyTags(db);
    await keyAgents(db);
    await keyAddresses(db);
    await db.query(force('FORCE'));
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP INDEX tags_name, agents_email, end_user_addresses_value;
      ALTER TABLE tags DROP COLUMN name_key, DROP COLUMN twin;
      ALTER TABLE agents DROP COLUMN email_key, DROP COLUMN twin;
      ALTER TABLE end_user_addresses DROP COLUMN twin;
      CREATE UNIQUE INDEX tags_name ON tags (organization_id, lower(name));
      CREATE UNIQUE INDEX agents_email ON agents (organization_id, email);
      CREATE UNIQUE INDEX end_user_addresses_value ON end_user_addresses (organization_id, kind, value);
      DROP FUNCTION twin_of, twin_digest;
      DROP TABLE legacy_twins;
    `);
  }
}

const force = (forced: 'FORCE' | 'NO FORCE') =>
  ['tags', 'agents', 'agent_addresses', 'end_user_addresses']
    .map((table) => `ALTER TABLE ${table} ${forced} ROW LEVEL SECURITY;`)
    .join('\n');

const TWINS = `
  -- Digests: they say nothing of whose they are, nor of what. A rebuild of the tables asks for them again.
  CREATE TABLE legacy_twins (twin text PRIMARY KEY);
  GRANT SELECT, DELETE ON legacy_twins TO deskstream_app;

  CREATE FUNCTION twin_digest(organization uuid, entity uuid, field text, key text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT encode(sha256(convert_to(organization::text || entity::text || field || E'\\n' || key, 'UTF8')), 'hex') $$;

  -- What sets a twin apart; empty for all others.
  CREATE FUNCTION twin_of(organization uuid, entity uuid, field text, key text) RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT coalesce((SELECT twin FROM legacy_twins WHERE twin = twin_digest(organization, entity, field, key)), '') $$;
`;

/** Returns SQL that marks twins: of rows with the same key, all but the oldest, because ids begin with the time. */
function setTwinsApart(table: string, entity: string, field: string, key: string, unique: string): string {
  return `
    INSERT INTO legacy_twins SELECT twin_digest(organization_id, ${entity}, ${field}, ${key}) FROM (
      SELECT *, row_number() OVER (PARTITION BY ${unique} ORDER BY ${entity}, ${field}) AS place FROM ${table}) AS rows
    WHERE place > 1;
    UPDATE ${table} SET twin = twin_of(organization_id, ${entity}, ${field}, ${key})
    WHERE EXISTS (SELECT FROM legacy_twins) AND twin_of(organization_id, ${entity}, ${field}, ${key}) <> '';
  `;
}

async function keyTags(db: QueryRunner): Promise<void> {
  await db.query(`
    DROP INDEX tags_name;
    ALTER TABLE tags ADD COLUMN name_key text COLLATE "C", ADD COLUMN twin text COLLATE "C" NOT NULL DEFAULT '';
  `);
  await fillKeys(db, 'tags', 'name', 'name_key', tagKey);
  await db.query(`
    ALTER TABLE tags ALTER COLUMN name_key SET NOT NULL;
    ${setTwinsApart('tags', 'id', "'name'", 'name_key', 'organization_id, name_key')}
    CREATE UNIQUE INDEX tags_name ON tags (organization_id, name_key, twin);
  `);
}

async function keyAgents(db: QueryRunner): Promise<void> {
  await db.query(`
    DROP INDEX agents_email;
    ALTER TABLE agents ADD COLUMN email_key text COLLATE "C", ADD COLUMN twin text COLLATE "C" NOT NULL DEFAULT '';
  `);
  await fillKeys(db, 'agents', 'email', 'email_key', emailKey);
  await db.query(`
    ALTER TABLE agents ALTER COLUMN email_key SET NOT NULL;
    ${setTwinsApart('agents', 'id', "'email'", 'email_key', 'organization_id, email_key')}
    CREATE UNIQUE INDEX agents_email ON agents (organization_id, email_key, twin);
  `);
}

async function keyAddresses(db: QueryRunner): Promise<void> {
  const ofAgents = ['organization_id', 'agent_id', 'field', 'address'];
  await replaceByKeys(db, 'agent_addresses', ofAgents, 'address', ({ address = '' }) =>
    address.includes('@') ? emailKey(address) : address,
  );
  await db.query(`
    DROP INDEX end_user_addresses_value;
    ALTER TABLE end_user_addresses ADD COLUMN twin text COLLATE "C" NOT NULL DEFAULT '';
  `);
  const ofEndUsers = ['organization_id', 'end_user_id', 'field', 'value'];
  await replaceByKeys(db, 'end_user_addresses', ofEndUsers, 'value', ({ kind, value = '' }) =>
    keyOfAddress(kind as AddressKind, value),
  );
  await db.query(`
    ${setTwinsApart('end_user_addresses', 'end_user_id', 'field', 'value', 'organization_id, kind, value')}
    CREATE UNIQUE INDEX end_user_addresses_value ON end_user_addresses (organization_id, kind, value, twin);
  `);
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read tables of agents and of their presence. */
export class Agents1764000000008 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE agents (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        display_name text NOT NULL,
        email text NOT NULL,
        phone_number text,
        additional_emails text[] NOT NULL,
        additional_phone_numbers text[] NOT NULL,
        first_name text,
        last_name text,
        middle_names text[] NOT NULL,
        avatar_url text,
        roles text[] NOT NULL,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX agents_email ON agents (organization_id, email);
      SELECT protect_projection('agents');

      -- Primary and additional ones. A table and not an index on arrays: operators of arrays are not leakproof, so
      -- PostgreSQL uses no index for them where row-level security applies.
      CREATE TABLE agent_addresses (
        organization_id uuid NOT NULL,
        agent_id uuid NOT NULL,
        field text NOT NULL,
        address text NOT NULL,
        PRIMARY KEY (organization_id, agent_id, field, address)
      );
      CREATE INDEX agent_addresses_address ON agent_addresses (organization_id, address);
      SELECT protect_projection('agent_addresses');

      CREATE TABLE agent_presence (
        organization_id uuid NOT NULL,
        agent_id uuid NOT NULL,
        connection_status text NOT NULL,
        presence_status text,
        active_channels text[] NOT NULL,
        last_seen timestamptz,
        -- How many events have made the row what it is: whoever writes on what it was can tell whether it still is.
        revision integer NOT NULL,
        PRIMARY KEY (organization_id, agent_id)
      );
      CREATE INDEX agent_presence_online ON agent_presence (last_seen) WHERE connection_status = 'Online';
      SELECT protect_projection('agent_presence');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE agent_presence, agent_addresses, agents');
  }
}

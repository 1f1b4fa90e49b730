import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read tables of teams and of their members. */
export class Teams1764000000009 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE teams (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        PRIMARY KEY (organization_id, id)
      );
      SELECT protect_projection('teams');

      CREATE TABLE team_members (
        organization_id uuid NOT NULL,
        team_id uuid NOT NULL,
        agent_id uuid NOT NULL,
        PRIMARY KEY (organization_id, team_id, agent_id)
      );
      CREATE INDEX team_members_agent ON team_members (organization_id, agent_id);
      SELECT protect_projection('team_members');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE team_members, teams');
  }
}

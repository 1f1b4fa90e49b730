import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read tables of queues and their members. */
export class Queues1764000000010 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE queues (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        is_default boolean NOT NULL,
        settings jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX queues_default ON queues (organization_id) WHERE is_default;
      SELECT protect_projection('queues');

      CREATE TABLE queue_members (
        organization_id uuid NOT NULL,
        queue_id uuid NOT NULL,
        agent_id uuid NOT NULL,
        PRIMARY KEY (organization_id, queue_id, agent_id)
      );
      CREATE INDEX queue_members_agent ON queue_members (organization_id, agent_id);
      SELECT protect_projection('queue_members');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE queue_members; DROP TABLE queues');
  }
}

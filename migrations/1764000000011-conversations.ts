import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The read table of conversations, and the sequence of their numbers. */
export class Conversations1764000000011 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE SEQUENCE conversation_id;
      GRANT USAGE ON SEQUENCE conversation_id TO deskstream_app;

      CREATE TABLE conversations (
        organization_id uuid NOT NULL,
        id bigint NOT NULL,
        requester_id uuid NOT NULL,
        channel text NOT NULL,
        direction text NOT NULL,
        contact_point text,
        language text,
        state text NOT NULL,
        state_updated_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        assignee_id uuid,
        assigned_at timestamptz,
        queue_id uuid,
        -- Since when it waits in its queue, if it does.
        queued_at timestamptz,
        pending_until timestamptz,
        tag_ids uuid[] NOT NULL DEFAULT '{}',
        parent_id bigint,
        link_type text,
        details jsonb NOT NULL DEFAULT '{}',
        custom_attributes jsonb NOT NULL DEFAULT '{}',
        anonymization_requested_at timestamptz,
        anonymized_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      CREATE INDEX conversations_of_requester ON conversations (organization_id, requester_id, created_at, id);
      CREATE INDEX conversations_not_closed ON conversations (organization_id, requester_id) WHERE state <> 'Closed';
      CREATE INDEX conversations_waiting ON conversations (organization_id, queue_id, queued_at, id)
        WHERE queued_at IS NOT NULL;
      CREATE INDEX conversations_of_assignee ON conversations (organization_id, assignee_id) WHERE assignee_id IS NOT NULL;
      CREATE INDEX conversations_linked ON conversations (organization_id, parent_id) WHERE parent_id IS NOT NULL;
      CREATE INDEX conversations_pending ON conversations (pending_until) WHERE pending_until IS NOT NULL;
      SELECT protect_projection('conversations');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE conversations; DROP SEQUENCE conversation_id');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Subscriptions (a projection), and deliveries: the schedule and the record of what was sent. */
export class Webhooks1764000000003 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE webhook_subscriptions (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        url text NOT NULL,
        events text[] NOT NULL,
        enabled boolean NOT NULL,
        "authorization" text NOT NULL,
        custom_headers text NOT NULL,
        secret_key text NOT NULL,
        filters jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        created_by uuid NOT NULL,
        updated_at timestamptz NOT NULL,
        updated_by uuid NOT NULL,
        PRIMARY KEY (organization_id, id)
      );
      SELECT protect_projection('webhook_subscriptions');

      -- What an event says to its subscribers: one body, however many they are. Text, because jsonb would reorder it.
      CREATE TABLE webhook_messages (
        organization_id uuid NOT NULL,
        event_id uuid NOT NULL,
        event_name text NOT NULL,
        body text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, event_id)
      );
      SELECT protect_tenant_table('webhook_messages', 'SELECT', 'SELECT, INSERT, DELETE');

      -- One row for each (event, subscription): the truth about what is still to be sent, and when.
      CREATE TABLE webhook_deliveries (
        organization_id uuid NOT NULL,
        id uuid NOT NULL DEFAULT uuidv7(),
        subscription_id uuid NOT NULL,
        event_id uuid NOT NULL,
        event_name text NOT NULL,
        state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'exhausted', 'cancelled')),
        attempts integer NOT NULL DEFAULT 0,
        -- While an attempt runs: when others may take it for dead.
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (organization_id, subscription_id, event_id);
      CREATE INDEX webhook_deliveries_due ON webhook_deliveries (organization_id, subscription_id, next_attempt_at)
        WHERE state = 'pending';
      CREATE INDEX webhook_deliveries_schedule ON webhook_deliveries (next_attempt_at) WHERE state = 'pending';
      SELECT protect_tenant_table('webhook_deliveries', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');

      CREATE TABLE webhook_attempts (
        organization_id uuid NOT NULL,
        delivery_id uuid NOT NULL,
        number integer NOT NULL,
        subscription_id uuid NOT NULL,
        event_id uuid NOT NULL,
        event_name text NOT NULL,
        outcome text NOT NULL,
        started_at timestamptz NOT NULL,
        duration_ms integer NOT NULL,
        response_code integer,
        response_text text NOT NULL,
        PRIMARY KEY (organization_id, delivery_id, number)
      );
      CREATE INDEX webhook_attempts_latest
        ON webhook_attempts (organization_id, subscription_id, event_name, started_at DESC);
      SELECT protect_tenant_table('webhook_attempts', 'SELECT', 'SELECT, INSERT, DELETE');
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE webhook_attempts, webhook_deliveries, webhook_messages, webhook_subscriptions');
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Ordering, rate limits, rotated secrets, receivers' health, recoveries; and cheaper draining and retention. */
export class WebhookEngine1764000000013 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(SUBSCRIPTIONS);
    await db.query(DELIVERIES);
    await db.query(HEALTH);
    await db.query(RECOVERIES);
    await db.query(RETENTION);
    await db.query(CHECKPOINTS);
  }

  down(): Promise<void> {
    throw new Error('What deliveries were before cannot be made of what they are now; restore a backup instead');
  }
}

const SUBSCRIPTIONS = `
  ALTER TABLE webhook_subscriptions
    ADD COLUMN ordering text NOT NULL DEFAULT 'unordered',
    ADD COLUMN max_per_second integer,
    ADD COLUMN previous_secret_key text,
    ADD COLUMN previous_secret_until timestamptz,
    ADD COLUMN disabled_reason text,
    ADD COLUMN failures_count_from timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now());
  ALTER TABLE webhook_subscriptions ALTER COLUMN ordering DROP DEFAULT, ALTER COLUMN failures_count_from DROP DEFAULT;
`;

/** A delivery is identified by event and subscription, and has its event's position, for order and pages. */
const DELIVERIES = `
  ALTER TABLE webhook_deliveries NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE webhook_attempts NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE events NO FORCE ROW LEVEL SECURITY;

  ALTER TABLE webhook_deliveries ADD COLUMN position bigint;
  UPDATE webhook_deliveries d SET position = e.position FROM events e
    WHERE e.organization_id = d.organization_id AND e.event_id = d.event_id;
  DROP INDEX webhook_deliveries_once, webhook_deliveries_due, webhook_deliveries_schedule, webhook_deliveries_of_event;
  ALTER TABLE webhook_deliveries
    ALTER COLUMN position SET NOT NULL,
    DROP CONSTRAINT webhook_deliveries_pkey,
    DROP COLUMN id,
    ADD PRIMARY KEY (organization_id, event_id, subscription_id);
  CREATE INDEX webhook_deliveries_due
    ON webhook_deliveries (organization_id, subscription_id, next_attempt_at, position) WHERE state = 'pending';
  CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (organization_id, subscription_id, position);
  -- What people look for among very many.
  CREATE INDEX webhook_deliveries_given_up ON webhook_deliveries (organization_id, subscription_id, position)
    WHERE state IN ('exhausted', 'cancelled');
  GRANT UPDATE (state, attempts, next_attempt_at, finished_at) ON webhook_deliveries TO deskstream_app;
  COMMENT ON COLUMN webhook_deliveries.next_attempt_at IS 'For a subscription in fifo order: -infinity, its turn is its position';

  ALTER TABLE webhook_attempts
    DROP CONSTRAINT webhook_attempts_pkey,
    DROP COLUMN delivery_id,
    ADD COLUMN id uuid NOT NULL DEFAULT uuidv7(),
    ADD PRIMARY KEY (organization_id, event_id, subscription_id, id);

  ALTER TABLE webhook_deliveries FORCE ROW LEVEL SECURITY;
  ALTER TABLE webhook_attempts FORCE ROW LEVEL SECURITY;
  ALTER TABLE events FORCE ROW LEVEL SECURITY;
`;

const HEALTH = `
  -- For each subscription that something was sent to: who drains it, and how its receiver does.
  CREATE TABLE webhook_health (
    organization_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    holder uuid,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    -- Nothing is sent before.
    paused_until timestamptz NOT NULL DEFAULT '-infinity',
    -- In a row, since the last success.
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    -- What the failures and the pause belong to: the subscription's failures_count_from at that time.
    counts_from timestamptz,
    PRIMARY KEY (organization_id, subscription_id)
  ) WITH (fillfactor = 50);
  SELECT protect_tenant_table('webhook_health', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');
  GRANT UPDATE (paused_until) ON webhook_health TO deskstream_app;
  ALTER TABLE webhook_deliveries NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE webhook_health NO FORCE ROW LEVEL SECURITY;
  INSERT INTO webhook_health (organization_id, subscription_id)
    SELECT DISTINCT organization_id, subscription_id FROM webhook_deliveries;
  ALTER TABLE webhook_deliveries FORCE ROW LEVEL SECURITY;
  ALTER TABLE webhook_health FORCE ROW LEVEL SECURITY;

  -- Whoever records attempts shares it; whoever redacts what they say has it alone, so that none slips through between.
  CREATE FUNCTION share_redaction_lock(organization uuid) RETURNS void LANGUAGE sql AS
    $$ SELECT pg_advisory_xact_lock_shared(x'4453'::int, hashtext(organization::text)) $$;
  CREATE FUNCTION take_redaction_lock(organization uuid) RETURNS void LANGUAGE sql AS
    $$ SELECT pg_advisory_xact_lock(x'4453'::int, hashtext(organization::text)) $$;
`;

const RECOVERIES = `
  CREATE TABLE webhook_recoveries (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    only_missing boolean NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by uuid NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (organization_id, id)
  );
  CREATE INDEX webhook_recoveries_open ON webhook_recoveries (requested_at) WHERE finished_at IS NULL;
  SELECT protect_projection('webhook_recoveries');

  -- How far each has come in the feed; moves along with the deliveries that it makes due.
  CREATE TABLE webhook_recovery_progress (
    organization_id uuid NOT NULL,
    recovery_id uuid NOT NULL,
    position bigint NOT NULL,
    last_position bigint NOT NULL,
    examined integer NOT NULL DEFAULT 0,
    queued integer NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, recovery_id)
  );
  SELECT protect_tenant_table('webhook_recovery_progress', 'SELECT', 'SELECT, INSERT, UPDATE, DELETE');
`;

/** Indexes by age. Events are never deleted, so that a summary of their blocks stays true. */
const RETENTION = `
  CREATE INDEX webhook_messages_created ON webhook_messages (created_at);
  CREATE INDEX webhook_attempts_started ON webhook_attempts (started_at);
  CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;
  CREATE INDEX events_recorded ON events USING brin (recorded_at) WITH (autosummarize = on);
`;

/** A leader moves the checkpoint from the position that it knows, so that it skips nothing that was rolled back. */
const CHECKPOINTS = `
  DROP FUNCTION advance_checkpoint;
  CREATE FUNCTION advance_checkpoint(in_consumer text, in_epoch bigint, in_from bigint, in_position bigint) RETURNS void
  LANGUAGE plpgsql AS $$ BEGIN
    UPDATE checkpoints SET position = in_position
      WHERE consumer = in_consumer AND epoch = in_epoch AND position = in_from;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Consumer % is led by another process, or is elsewhere', in_consumer USING ERRCODE = 'DS002';
    END IF;
  END $$;
`;

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Reasons of cancellations, reviews after changed settings, and all keys of subscriptions that still count. */
export class WebhookCancellations1764000000023 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(CANCELLATIONS);
    await db.query(KEYS);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE webhook_deliveries DROP COLUMN cancel_reason;
      ALTER TABLE webhook_health DROP COLUMN review_from;
      ALTER TABLE webhook_subscriptions NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE webhook_subscriptions
        ADD COLUMN previous_secret_key text,
        ADD COLUMN previous_secret_until timestamptz;
      UPDATE webhook_subscriptions SET previous_secret_key = previous_secrets -> 0 ->> 'secretKey',
        previous_secret_until = (previous_secrets -> 0 ->> 'until')::timestamptz;
      ALTER TABLE webhook_subscriptions DROP COLUMN previous_secrets;
      ALTER TABLE webhook_subscriptions FORCE ROW LEVEL SECURITY;
    `);
  }
}

const CANCELLATIONS = `
  ALTER TABLE webhook_deliveries ADD COLUMN cancel_reason text;
  GRANT UPDATE (cancel_reason) ON webhook_deliveries TO deskstream_app;
  ALTER TABLE webhook_health ADD COLUMN review_from bigint;
  GRANT INSERT (organization_id, subscription_id, review_from), UPDATE (review_from) ON webhook_health TO deskstream_app;
  COMMENT ON COLUMN webhook_health.review_from IS
    'What waits from this position on is to be held against the settings, which have changed; NULL: nothing is';
`;

/** As in the events, which the read table is rebuilt from: instants in the same format. */
const KEYS = `
  ALTER TABLE webhook_subscriptions NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE webhook_subscriptions ADD COLUMN previous_secrets jsonb NOT NULL DEFAULT '[]';
  UPDATE webhook_subscriptions SET previous_secrets = jsonb_build_array(jsonb_build_object(
      'secretKey', previous_secret_key,
      'until', to_char(previous_secret_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
    WHERE previous_secret_key IS NOT NULL;
  ALTER TABLE webhook_subscriptions DROP COLUMN previous_secret_key, DROP COLUMN previous_secret_until;
  ALTER TABLE webhook_subscriptions FORCE ROW LEVEL SECURITY;
`;

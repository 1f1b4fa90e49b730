import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { buildIndex, isThere } from './in-service.js';

/**
 * Organizations hash onto 64 partitions. Each has its own horizon and checkpoint, so that a transaction that stays open
 * delays only events of its partition, and several processes can relay. The previous version keeps working on these
 * tables: writers that name no partition delay all, and the horizon of the whole feed sees all writers.
 */
export class Partitions1764000000027 implements MigrationInterface {
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query(FUNCTIONS);
    await buildIndex(db, 'events_partition', 'events (partition_of(organization_id), position)');
    if (!(await isThere(db, 'partition_holders'))) await db.query(CHECKPOINTS);
  }

  down(): Promise<void> {
    throw new Error('Events are never dropped; restore a backup instead');
  }
}

const FUNCTIONS = `
  -- Ids of organizations are random in their last byte.
  CREATE OR REPLACE FUNCTION partition_of(organization uuid) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
    $$ SELECT get_byte(uuid_send(organization), 15) & 63 $$;

  -- 'DT' in the top bits, then the partition; positions stay below 2^42.
  CREATE OR REPLACE FUNCTION position_lock(partition integer, value bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT (x'4454'::bigint << 48) | (partition::bigint << 42) | value $$;

  -- See feed_horizon() of the first migration; of all partitions where none is named.
  CREATE OR REPLACE FUNCTION feed_horizon(in_partition integer) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    newest bigint;
    oldest_writer bigint;
  BEGIN
    SELECT last_value INTO newest FROM event_position;
    SELECT min(CASE WHEN high >> 16 = x'4453'::bigint THEN low | ((high & x'FFFF'::bigint) << 32)
        ELSE low | ((high & x'3FF'::bigint) << 32) END) INTO oldest_writer
      FROM (SELECT classid::bigint AS high, objid::bigint AS low FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks
      WHERE high >> 16 = x'4453'::bigint
        OR (high >> 16 = x'4454'::bigint AND (in_partition IS NULL OR (high >> 10) & 63 = in_partition));
    RETURN least(newest, coalesce(oldest_writer, newest));
  END $$;
  CREATE OR REPLACE FUNCTION feed_horizon() RETURNS bigint LANGUAGE sql AS $$ SELECT feed_horizon(NULL) $$;
`;

/** Each partition continues from the position of the whole feed. */
const CHECKPOINTS = `
  INSERT INTO checkpoints (consumer, position, epoch, holder, lease_until)
    SELECT 'webhooks/' || partition, coalesce((SELECT position FROM checkpoints WHERE consumer = 'webhooks'), 0), 0, NULL,
      now()
    FROM generate_series(0, 63) AS partition;

  -- The processes that share partitions among themselves.
  CREATE TABLE partition_holders (
    id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
  );
  GRANT SELECT, INSERT, UPDATE, DELETE ON partition_holders TO deskstream_worker;

  -- Taken for as long as a connection of the process lasts.
  CREATE FUNCTION show_holder_alive(holder uuid) RETURNS void LANGUAGE sql AS
    $$ SELECT pg_advisory_lock_shared(hashtext('partition holder'), hashtext(holder::text)) $$;
  CREATE FUNCTION holder_is_alive(holder uuid) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid::bigint = hashtext('partition holder')::bigint & 4294967295
      AND objid::bigint = hashtext(holder::text)::bigint & 4294967295)
  $$;
`;

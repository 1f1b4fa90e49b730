import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Reads for several partitions at once, and their holders. The previous version keeps working on these tables. */
export class PagesOfPartitions1764000000028 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(HORIZONS);
    await db.query(HOLDERS);
    await db.query(
      'CREATE INDEX webhook_subscriptions_partition ON webhook_subscriptions (partition_of(organization_id)) WHERE enabled',
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX webhook_subscriptions_partition; DROP FUNCTION feed_horizons, present_holders');
  }
}

const HORIZONS = `
  -- feed_horizon() of each partition, with one look at who writes.
  CREATE FUNCTION feed_horizons(partitions integer[]) RETURNS TABLE (partition integer, horizon bigint) LANGUAGE plpgsql AS $$
  DECLARE
    newest bigint;
  BEGIN
    SELECT last_value INTO newest FROM event_position;
    RETURN QUERY WITH writers AS MATERIALIZED (
      SELECT CASE WHEN high >> 16 = x'4454'::bigint THEN (high >> 10) & 63 END AS partition,
        low | ((high & CASE WHEN high >> 16 = x'4454'::bigint THEN x'3FF'::bigint ELSE x'FFFF'::bigint END) << 32) AS began
      FROM (SELECT classid::bigint AS high, objid::bigint AS low FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks
      WHERE high >> 16 IN (x'4453'::bigint, x'4454'::bigint))
    SELECT p.id, least(newest, (SELECT min(began) FROM writers w WHERE w.partition IS NULL OR w.partition = p.id))
    FROM unnest(partitions) AS p(id);
  END $$;
`;

const HOLDERS = `
  -- Processes that are shown to be alive, or were seen within the last second: one that has lost no more than the connection
  -- that shows it is not taken for dead.
  CREATE FUNCTION present_holders() RETURNS SETOF uuid LANGUAGE sql STABLE AS
    $$ SELECT id FROM partition_holders WHERE seen_at > now() - interval '1 second' OR holder_is_alive(id) $$;
`;

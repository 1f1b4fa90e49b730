import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Events, their feed, checkpoints, and the roles that everything else is granted to. */
export class EventStore1764000000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(ROLES);
    await db.query(ORGANIZATION_SCOPE);
    await db.query(EVENTS);
    await db.query(APPEND);
    await db.query(FEED);
    await db.query(CHECKPOINTS);
  }

  down(): Promise<void> {
    throw new Error('Events are never dropped');
  }
}

const ROLES = `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'deskstream_app') THEN
      CREATE ROLE deskstream_app NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'deskstream_worker') THEN
      CREATE ROLE deskstream_worker NOLOGIN;
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this cluster is being migrated at the same moment
  END $$;
  GRANT deskstream_app, deskstream_worker TO CURRENT_USER;
  GRANT USAGE ON SCHEMA public TO deskstream_app, deskstream_worker;
`;

const ORGANIZATION_SCOPE = `
  -- Without a scope it is NULL, and row-level security shows nothing.
  CREATE FUNCTION current_organization() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT nullif(current_setting('app.org', true), '')::uuid $$;

  -- What every table with an organization gets: its own rows for the app, all rows for the worker.
  CREATE FUNCTION protect_tenant_table(target regclass, app_rights text, worker_rights text) RETURNS void
  LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY own_organization ON %s TO deskstream_app
      USING (organization_id = current_organization()) WITH CHECK (organization_id = current_organization())', target);
    EXECUTE format('GRANT %s ON %s TO deskstream_app', app_rights, target);
    IF worker_rights <> '' THEN
      EXECUTE format('CREATE POLICY all_organizations ON %s TO deskstream_worker USING (true) WITH CHECK (true)', target);
      EXECUTE format('GRANT %s ON %s TO deskstream_worker', worker_rights, target);
    END IF;
  END $$;
  -- A projection's table: the app writes it along with the events, the worker reads it.
  CREATE FUNCTION protect_projection(target regclass) RETURNS void LANGUAGE sql AS
    $$ SELECT protect_tenant_table(target, 'SELECT, INSERT, UPDATE, DELETE', 'SELECT') $$;

  -- Policies and rights of a table for another that takes its place.
  CREATE FUNCTION copy_protection(source regclass, target regclass) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    policy record;
    granted record;
  BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    FOR policy IN SELECT p.* FROM pg_policies p JOIN pg_namespace n ON n.nspname = p.schemaname
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename WHERE c.oid = source LOOP
      EXECUTE format('CREATE POLICY %I ON %s FOR %s TO %s', policy.policyname, target, policy.cmd,
          (SELECT string_agg(quote_ident(role), ', ') FROM unnest(policy.roles) AS role))
        || coalesce(' USING (' || policy.qual || ')', '')
        || coalesce(' WITH CHECK (' || policy.with_check || ')', '');
    END LOOP;
    FOR granted IN SELECT acl.* FROM pg_class, aclexplode(relacl) AS acl WHERE oid = source AND acl.grantee <> relowner LOOP
      EXECUTE format('GRANT %s ON %s TO %s', granted.privilege_type, target, granted.grantee::regrole);
    END LOOP;
  END $$;
  REVOKE EXECUTE ON FUNCTION protect_tenant_table, protect_projection, copy_protection FROM PUBLIC;
`;

const EVENTS = `
  CREATE SEQUENCE event_position;
  -- The lock that a writer takes names the last value; the first writer must find one.
  SELECT setval('event_position', 1);
  GRANT SELECT, USAGE ON SEQUENCE event_position TO deskstream_app, deskstream_worker;

  CREATE TABLE events (
    organization_id uuid NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    data jsonb NOT NULL,
    metadata jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, stream, version)
  );
  CREATE INDEX events_position ON events (position);
  SELECT protect_tenant_table('events', 'SELECT, INSERT', 'SELECT');

  CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'Events are immutable: % is refused', TG_OP USING ERRCODE = 'DS003';
  END $$;
  CREATE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
  CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
`;

const APPEND = `
  -- Advisory locks are shared by all that use the database: 'DS' in the top bits keeps ours apart.
  CREATE FUNCTION position_lock(value bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT (x'4453'::bigint << 48) | value $$;

  -- Refuses an append from inside its statement, and so all that came with it.
  CREATE FUNCTION version_conflict(stream text, expected integer) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '% is not at version %', stream, expected USING ERRCODE = 'DS001';
  END $$;
`;

const FEED = `
  -- The highest position below which no event can appear any more. Writers lock the value that the sequence had before
  -- they drew from it, so the lowest such lock (else the sequence's value, read before the locks) is safe.
  CREATE FUNCTION feed_horizon() RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    newest bigint;
    oldest_writer bigint;
  BEGIN
    SELECT last_value INTO newest FROM event_position;
    SELECT min(objid::bigint | ((classid::bigint & x'FFFF'::bigint) << 32)) INTO oldest_writer FROM pg_locks
      WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = x'4453'::bigint
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(newest, coalesce(oldest_writer, newest));
  END $$;
`;

const CHECKPOINTS = `
  -- How far each consumer of the feed has got; the epoch fences leaders that have been succeeded.
  CREATE TABLE checkpoints (
    consumer text PRIMARY KEY,
    position bigint NOT NULL,
    epoch bigint NOT NULL,
    holder uuid,
    lease_until timestamptz NOT NULL
  );
  GRANT SELECT, INSERT, UPDATE ON checkpoints TO deskstream_worker;

  CREATE FUNCTION advance_checkpoint(in_consumer text, in_epoch bigint, in_position bigint) RETURNS void
  LANGUAGE plpgsql AS $$ BEGIN
    UPDATE checkpoints SET position = in_position WHERE consumer = in_consumer AND epoch = in_epoch;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'Consumer % is led by another process', in_consumer USING ERRCODE = 'DS002';
    END IF;
  END $$;
`;

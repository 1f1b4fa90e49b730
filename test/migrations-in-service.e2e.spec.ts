import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { AbstractLogger, DataSource } from 'typeorm';
import { applyMigrations } from '#apps/apply-migrations.js';
import { MIGRATIONS } from '#apps/migrations.js';
import { migrate } from '#apps/setup.js';
import { connectTo } from '#libs/testing/connections.js';
import { createTestDatabase, type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { ActivityLog1764000000034 } from '#migrations/1764000000034-activity-log.js';
import { MessageTraces1764000000039 } from '#migrations/1764000000039-message-traces.js';
import { startOwnPostgres } from './support/own-postgres.js';

/** Keeps what TypeORM sends. */
class Statements extends AbstractLogger {
  readonly sent: string[] = [];
  constructor() {
    super(['query']);
  }
  protected writeLog(): void {
    // Only queries count.
  }
  override logQuery(query: string): void {
    this.sent.push(query);
  }
}

let database: TestDatabase;
afterEach(() => database.drop());

async function migrated<T>(migrations: typeof MIGRATIONS, work: (sent: string[]) => Promise<T> | T): Promise<T> {
  const logger = new Statements();
  const dataSource = new DataSource({ type: 'postgres', url: database.ownerUrl, migrations, logger });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations({ transaction: 'each' });
    return await work(logger.sent);
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Indexes of tables of earlier migrations that were built under a lock, before there was the rule. No rolling upgrade begins
 * at a version that lacks one of these migrations.
 */
const BEFORE_THE_RULE = [
  'WebhookEngine1764000000013',
  'Anonymization1764000000012',
  'Tokens1764000000015',
  'SearchAndMerge1764000000019',
  'TextKeys1764000000020',
  'BoundedScans1764000000022',
  'TokenStreams1764000000024',
  'TokenExpiry1764000000026',
  'PagesOfPartitions1764000000028',
];

describe('A migration', () => {
  it('builds indexes of earlier tables concurrently', async () => {
    database = await createTestDatabase('template0');
    const locking = await migrated(MIGRATIONS, (sent) => {
      // They are applied in the order of the time that ends their name.
      const names = MIGRATIONS.map(({ name }) => name).sort(
        (one, two) => Number(one.slice(-13)) - Number(two.slice(-13)),
      );
      const [earlier, found] = [new Set<string>(), new Set<string>()];
      let [made, indexed]: [string[], string[]] = [[], []];
      for (const statement of sent) {
        made.push(
          ...[...statement.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)/g)].map(([, table = '']) => table),
        );
        const indexes = statement.matchAll(/CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?\w+\s+ON (\w+)/g);
        indexed.push(...[...indexes].flatMap(([, concurrently, table = '']) => (concurrently ? [] : [table])));
        if (!statement.startsWith('INSERT INTO "migrations"')) continue;
        const name = names.shift() as string;
        if (indexed.some((table) => earlier.has(table))) found.add(name);
        for (const table of made) earlier.add(table);
        [made, indexed] = [[], []];
      }
      return [...found];
    });
    expect(locking.sort()).toEqual([...BEFORE_THE_RULE].sort());
  });
});

const EVENT = `INSERT INTO events (organization_id, stream, version, position, event_id, type, schema_version, data, metadata, recorded_at)
  VALUES ($1, 'conversation-1', 1, nextval('event_position'), uuidv7(), 'x', 1, '{}', '{}', now())`;

describe('A migration that builds an index', () => {
  let writer: pg.Client;
  let other: pg.Client;
  beforeEach(async () => {
    database = await createTestDatabase();
    writer = await connectTo(database.ownerUrl, 'deskstream_app');
    other = await connectTo(database.ownerUrl, 'deskstream_app');
  });
  afterEach(() => Promise.all([writer.end(), other.end()]));

  const write = async (client: pg.Client) => {
    const organizationId = randomUUID();
    await client.query("SELECT set_config('app.org', $1, false)", [organizationId]);
    await client.query(EVENT, [organizationId]);
  };
  const valid = async () => {
    const [index] = await database.sql<{ valid: boolean }>(
      "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('events_of_conversations')",
    );
    return index?.valid;
  };
  const isWaiting = () =>
    database
      .sql(
        "SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock' AND datname = current_database()",
      )
      .then(({ length }) => length > 0);

  it('lets others write while it waits for a transaction that has written, and is mended when it was interrupted', async () => {
    await database.sql('DROP INDEX events_of_conversations');
    const dataSource = await new DataSource({ type: 'postgres', url: database.ownerUrl }).initialize();
    try {
      const up = () => new ActivityLog1764000000034().up(dataSource.createQueryRunner());
      await writer.query('BEGIN');
      await write(writer);
      const interrupted = up().then(
        () => 'built',
        () => 'interrupted',
      );
      await waitFor('the migration to wait', isWaiting);
      await other.query("SET lock_timeout = '1s'");
      await write(other);
      await database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND pid <> pg_backend_pid()",
      );
      expect(await interrupted).toBe('interrupted');
      await writer.query('COMMIT');
      expect(await valid()).toBe(false);
      await up();
      expect(await valid()).toBe(true);
    } finally {
      await dataSource.destroy();
    }
  });
});

const CHANGED = 'webhook_messages';

/** Takes back the last change of a table, which the next migration makes again. */
async function takeBack(): Promise<void> {
  const { sql } = database;
  await sql(`ALTER TABLE ${CHANGED} DROP COLUMN traceparent`);
  await sql('DELETE FROM migrations WHERE name = $1', [MessageTraces1764000000039.name]);
}

describe('A migration that changes a table', () => {
  it('lets others write while a long transaction, such as that of a backup, holds the table, and ends after it', async () => {
    database = await createTestDatabase();
    await takeBack();
    const [backup, writer] = [await connectTo(database.ownerUrl), await connectTo(database.ownerUrl)];
    await backup.query(`BEGIN; SELECT FROM ${CHANGED}`);
    const reports: string[] = [];
    const migrating = applyMigrations(database.ownerUrl, (report) => reports.push(report));
    await waitFor('the migration to wait', () => Promise.resolve(reports.length > 0));
    await writer.query("SET lock_timeout = '2s'");
    await writer.query(`DELETE FROM ${CHANGED}`);
    await backup.end();
    expect(await migrating).toEqual([MessageTraces1764000000039.name]);
    await writer.end();
  });

  it('does not wait for the end of an autovacuum, which PostgreSQL cancels in time', async () => {
    const postgres = await startOwnPostgres();
    const [ownerUrl, appUrl] = [postgres.url('postgres', 'postgres'), postgres.url('deskstream', 'postgres')];
    database = { ownerUrl, appUrl, sql: postgres.sql, drop: () => postgres.remove() };
    await migrate({ ownerUrl, appUrl });
    await takeBack();
    await makeVacuumed();
    let applied: Promise<string[]> | undefined;
    const waited = new Promise<never>((_, reject) => {
      const fail = (report: string) => {
        reject(new Error(report));
      };
      applied = applyMigrations(ownerUrl, fail);
    });
    expect(await Promise.race([applied, waited])).toEqual([MessageTraces1764000000039.name]);
  });
});

/** Waits until an autovacuum is at work on the table, for longer than any wait for it. */
async function makeVacuumed(): Promise<void> {
  const { sql } = database;
  await sql(`ALTER TABLE ${CHANGED} SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`);
  await sql(`INSERT INTO ${CHANGED} (organization_id, event_id, event_name, body)
    SELECT gen_random_uuid(), gen_random_uuid(), 'x', repeat('x', 500) FROM generate_series(1, 20000)`);
  await sql(`DELETE FROM ${CHANGED}`);
  await sql(`ALTER SYSTEM SET autovacuum_naptime = '1s'`);
  await sql('SELECT pg_reload_conf()');
  const running = `SELECT FROM pg_stat_progress_vacuum WHERE relid = '${CHANGED}'::regclass`;
  await waitFor('an autovacuum', async () => (await sql(running)).length > 0);
}

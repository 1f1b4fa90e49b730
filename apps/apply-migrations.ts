import { setTimeout as pause } from 'node:timers/promises';
import { AbstractLogger, DataSource, type LogLevel, type LogMessage, MigrationExecutor } from 'typeorm';
import { survive } from '#libs/database/connections.js';
import { MIGRATIONS } from './migrations.js';

/**
 * Maximum time that a migration waits for a table that another transaction has locked, such as a backup: all other
 * transactions wait behind the migration. Then it pauses to let them run. The time is longer than PostgreSQL's
 * `deadlock_timeout` of a second, after which PostgreSQL cancels an autovacuum that holds the lock.
 */
const [WAIT_MS, LEAVE_MS] = [1_500, 3_000];
/** SQLSTATE lock_not_available. */
const IS_HELD = '55P03';

/**
 * Applies the pending migrations, and returns their names.
 * @param ownerUrl the database, as the owner of its tables
 * @param report receives the progress of migrations of large tables, and the locks that they wait for
 */
export async function applyMigrations(ownerUrl: string, report: (progress: string) => void): Promise<string[]> {
  // Building an index takes time: no statement timeout here.
  const dataSource = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    migrations: MIGRATIONS,
    // A broken connection is reported by the query that fails.
    poolErrorHandler: () => undefined,
    extra: { onConnect: survive, options: `-c lock_timeout=${WAIT_MS}` },
    logger: new Progress(report),
  });
  await dataSource.initialize();
  try {
    const before = new Set(await appliedTo(dataSource));
    while (!(await applied(dataSource))) {
      report(
        'Another transaction, such as a backup, has locked a table; migrate tries again until that transaction has ended',
      );
      await pause(LEAVE_MS);
    }
    return (await appliedTo(dataSource)).filter((name) => !before.has(name));
  } finally {
    await dataSource.destroy();
  }
}

/** Returns false if a table is locked. Migrations that were applied before stay applied. */
async function applied(dataSource: DataSource): Promise<boolean> {
  try {
    await dataSource.runMigrations({ transaction: 'each' });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== IS_HELD) throw error;
    return false;
  }
}

async function appliedTo(dataSource: DataSource): Promise<string[]> {
  return (await new MigrationExecutor(dataSource).getExecutedMigrations()).map(({ name }) => name).reverse();
}

/** Passes on the lines that migrations log themselves, and drops TypeORM's other lines. */
class Progress extends AbstractLogger {
  constructor(private readonly report: (progress: string) => void) {
    super(['info']);
  }

  protected override writeLog(
    level: LogLevel,
    message: LogMessage | string | number | (LogMessage | string | number)[],
  ): void {
    const messages = this.prepareLogMessages(message, { highlightSql: false });
    if (level === 'info') for (const { message: text } of messages) this.report(String(text));
  }
}

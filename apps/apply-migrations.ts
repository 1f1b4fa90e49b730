import { setTimeout as pause } from 'node:timers/promises';
import { AbstractLogger, DataSource, type LogLevel, type LogMessage, MigrationExecutor } from 'typeorm';
import { survive } from '#libs/database/connections.js';
import { MIGRATIONS } from './migrations.js';

/**
 * How long a migration waits for a table that a transaction of others holds, such as that of a backup: all others wait
 * behind it. Then it leaves them a while. It waits longer than PostgreSQL's `deadlock_timeout` of a second, after which
 * PostgreSQL cancels an autovacuum in the way.
 */
const [WAIT_MS, LEAVE_MS] = [1_500, 3_000];
/** SQLSTATE lock_not_available. */
const IS_HELD = '55P03';

/**
 * Applies the pending migrations, and returns their names.
 * @param ownerUrl the database, as the owner of its tables
 * @param report receives how far a migration of a large table has come, and what it waits for
 */
export async function applyMigrations(ownerUrl: string, report: (progress: string) => void): Promise<string[]> {
  // Building an index takes time: no statement timeout here.
  const dataSource = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    migrations: MIGRATIONS,
    // Breaks are reported by the query that fails.
    poolErrorHandler: () => undefined,
    extra: { onConnect: survive, options: `-c lock_timeout=${WAIT_MS}` },
    logger: new Progress(report),
  });
  await dataSource.initialize();
  try {
    const before = new Set(await appliedTo(dataSource));
    while (!(await applied(dataSource))) {
      report('A transaction of others holds a table, such as that of a backup; migrate tries again until it has ended');
      await pause(LEAVE_MS);
    }
    return (await appliedTo(dataSource)).filter((name) => !before.has(name));
  } finally {
    await dataSource.destroy();
  }
}

/** Returns false if a table is held. What is applied by then stays so. */
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

/** Receives of what TypeORM logs only what migrations log themselves. */
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

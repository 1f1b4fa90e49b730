import { type QueryRunner } from 'typeorm';

/**
 * What changes large tables while others write to them. Such a migration is not one transaction (`transaction = false`),
 * so it can be interrupted between any two statements: each must be repeatable.
 */

/**
 * Builds an index. What an interrupted build has left is dropped first: it is not valid, and would stay so.
 * @param on table, and columns or expressions, as in `CREATE INDEX name ON …`
 */
export async function buildIndex(db: QueryRunner, name: string, on: string, { unique = false } = {}): Promise<void> {
  await dropIndex(db, name);
  await patiently(db, `CREATE ${unique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY ${name} ON ${on}`);
}

export async function dropIndex(db: QueryRunner, name: string): Promise<void> {
  await patiently(db, `DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
}

/** Executes a statement that waits for transactions of others without a lock that these would wait for. */
async function patiently(db: QueryRunner, statement: string): Promise<void> {
  await db.query('SET lock_timeout = 0');
  await db.query(statement);
  await db.query('RESET lock_timeout');
}

/** Returns whether a table or index is there. */
export async function isThere(db: QueryRunner, relation: string): Promise<boolean> {
  const [found] = (await db.query('SELECT to_regclass($1) IS NOT NULL AS exists', [relation])) as { exists: boolean }[];
  return found?.exists === true;
}

/** Lets the owner of a table see all its rows during some work. The roles of the processes see what they always see. */
export async function unforced(db: QueryRunner, table: string, work: () => Promise<void>): Promise<void> {
  await db.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
  try {
    await work();
  } finally {
    await db.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  }
}

/**
 * Repeats a batch, each in a transaction of its own, until it has nothing left to do, and reports the progress.
 * @param batch returns how many rows it has done
 */
export async function inBatches(db: QueryRunner, what: string, batch: () => Promise<number>): Promise<void> {
  for (let total = 0; ;) {
    await db.startTransaction();
    const done = await batch().catch(async (error: unknown) => {
      await db.rollbackTransaction();
      throw error;
    });
    await db.commitTransaction();
    if (done === 0) return;
    total += done;
    db.dataSource.logger.log('info', `${what}: ${total} rows`);
  }
}

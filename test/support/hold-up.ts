import { connectTo } from '#libs/testing/connections.js';
import { type TestDatabase } from '#libs/testing/test-database.js';
import { waitFor } from '#libs/testing/wait-for.js';

/**
 * Runs a statement in a transaction that stays open, so that a request must wait for it in the middle of its write.
 * @returns a function that waits until a request is blocked, runs other work, and commits
 */
export async function holdUp(
  { database }: { database: Pick<TestDatabase, 'ownerUrl' | 'sql'> },
  statement: string,
): Promise<<T>(meanwhile?: () => Promise<T>) => Promise<T | undefined>> {
  const client = await connectTo(database.ownerUrl);
  await client.query('BEGIN');
  await client.query(statement);
  return async (meanwhile) => {
    await waitFor('a write that is held up', async () => {
      const held = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return (await database.sql(held)).length > 0;
    });
    const result = await meanwhile?.();
    await client.query('COMMIT');
    await client.end();
    return result;
  };
}

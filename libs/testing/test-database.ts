import { randomBytes } from 'node:crypto';
import { withDatabase } from '#libs/embedded-postgres/embedded-postgres.js';
import { type AskedDatabase, askedAt, connectTo } from './connections.js';

/** A migrated database that belongs to one test file. */
export interface TestDatabase extends Pick<AskedDatabase, 'sql'> {
  ownerUrl: string;
  appUrl: string;
  drop(): Promise<void>;
}

/** @param from the database to copy; the migrated template unless given, `template0` for an empty one */
export async function createTestDatabase(from?: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const { TEST_OWNER_URL, TEST_APP_URL } = process.env;
  if (!TEST_OWNER_URL || !TEST_APP_URL) throw new Error('Run tests with npm test: it starts their database');
  const [ownerUrl, appUrl] = [withDatabase(TEST_OWNER_URL, name), withDatabase(TEST_APP_URL, name)];
  const template = from ?? new URL(TEST_OWNER_URL).pathname.slice(1);
  const asAdministrator = async (text: string) => {
    const client = await connectTo(withDatabase(ownerUrl, 'postgres'));
    await client.query(text).finally(() => client.end());
  };
  await asAdministrator(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  const owner = askedAt(ownerUrl);
  return {
    ownerUrl,
    appUrl,
    sql: owner.sql,
    drop: async () => {
      await owner.close();
      await asAdministrator(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

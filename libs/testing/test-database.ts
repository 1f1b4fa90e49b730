import { randomBytes } from 'node:crypto';
import { type AskedDatabase, askedAt, connectTo } from './connections.js';

/** A migrated database that belongs to one test file. */
export interface TestDatabase extends Pick<AskedDatabase, 'sql'> {
  ownerUrl: string;
  appUrl: string;
  drop(): Promise<void>;
}

/** @param from the database that it is a copy of; the migrated template unless given, `template0` for an empty one */
export async function createTestDatabase(from?: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const [ownerUrl, appUrl] = [process.env.TEST_OWNER_URL, process.env.TEST_APP_URL].map((url) =>
    withDatabase(url, name),
  );
  const template = from ?? new URL(process.env.TEST_OWNER_URL as string).pathname.slice(1);
  const asAdministrator = async (text: string) => {
    const client = await connectTo(withDatabase(ownerUrl, 'postgres'));
    await client.query(text).finally(() => client.end());
  };
  await asAdministrator(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  const owner = askedAt(ownerUrl as string);
  return {
    ownerUrl: ownerUrl as string,
    appUrl: appUrl as string,
    sql: owner.sql,
    drop: async () => {
      await owner.close();
      await asAdministrator(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

function withDatabase(url: string | undefined, name: string): string {
  if (!url) throw new Error('Run tests with npm test: it starts their database');
  return url.replace(/[^/]+$/, name);
}

import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A migrated database that belongs to one test file. */
export interface TestDatabase {
  ownerUrl: string;
  appUrl: string;
  /** Runs SQL as the owner, who sees everything. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
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
    const client = new pg.Client({ connectionString: withDatabase(ownerUrl, 'postgres') });
    await client.connect();
    await client.query(text).finally(() => client.end());
  };
  await asAdministrator(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const owner = new pg.Pool({ connectionString: ownerUrl, max: 2 });
  owner.on('error', () => undefined);
  return {
    ownerUrl: ownerUrl as string,
    appUrl: appUrl as string,
    sql: async <Row extends object>(text: string, values?: unknown[]) => (await owner.query<Row>(text, values)).rows,
    drop: async () => {
      await owner.end();
      await asAdministrator(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

function withDatabase(url: string | undefined, name: string): string {
  if (!url) throw new Error('Run tests with npm test: it starts their database');
  return url.replace(/[^/]+$/, name);
}

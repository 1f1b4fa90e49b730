import { type TestDatabase } from '#libs/testing/test-database.js';

/** Every row of every table, of whatever schema, as text: what a dump of the database would hold. */
export async function dumpOf(database: TestDatabase): Promise<string> {
  const tables = await database.sql<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const rows = await database.sql<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    parts.push(`${name}\n${rows.map(({ row }) => row).join('\n')}`);
  }
  return parts.join('\n');
}

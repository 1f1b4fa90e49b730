type Query = (text: string) => Promise<Record<string, unknown>[]>;

/**
 * Returns every row of every table, in all schemas, as text: what a dump of the database would contain.
 * @param query runs statements as a superuser
 */
export async function dumpOf(query: Query): Promise<string> {
  const tables = await query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const rows = await query(`SELECT t::text AS row FROM ${name as string} t`);
    parts.push(`${name as string}\n${rows.map(({ row }) => row as string).join('\n')}`);
  }
  return parts.join('\n');
}

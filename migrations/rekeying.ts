import { type QueryRunner } from 'typeorm';

const PAGE = 5_000;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Fills a column of a table of entities with the key of each value of another column, page by page. */
export async function fillKeys(
  db: QueryRunner,
  table: string,
  from: string,
  to: string,
  keyOf: (value: string) => string,
): Promise<void> {
  let after = [FIRST, FIRST];
  for (;;) {
    const rows = (await db.query(
      `SELECT organization_id, id, coalesce(${from}, '') AS value FROM ${table}
       WHERE (organization_id, id) > ($1, $2) ORDER BY organization_id, id LIMIT ${PAGE}`,
      after,
    )) as { organization_id: string; id: string; value: string }[];
    await db.query(
      `UPDATE ${table} AS t SET ${to} = k.key FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS k(organization_id, id, key)
       WHERE t.organization_id = k.organization_id AND t.id = k.id AND t.${to} IS DISTINCT FROM k.key`,
      [rows.map((row) => row.organization_id), rows.map(({ id }) => id), rows.map(({ value }) => keyOf(value))],
    );
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = [last.organization_id, last.id];
  }
}

/**
 * Replaces the values of a table by their keys. Plain ASCII values are their own keys, unless they have quotes.
 * @param key the columns of its primary key, all text or UUID, including the value
 */
export async function replaceByKeys(
  db: QueryRunner,
  table: string,
  key: string[],
  value: string,
  keyOf: (row: Record<string, string>) => string,
): Promise<void> {
  const rows = (await db.query(
    `SELECT * FROM ${table} WHERE ${value} ~ '[^\\x01-\\x7F]' OR ${value} LIKE '"%'`,
  )) as Record<string, string>[];
  for (const row of rows) {
    const replacement = keyOf(row);
    if (replacement === row[value]) continue;
    const condition = key.map((column, index) => `${column} = $${index + 1}`).join(' AND ');
    const columns = Object.keys(row);
    const values = columns.map((column) => (column === value ? replacement : row[column]));
    await db.query(
      `DELETE FROM ${table} WHERE ${condition}`,
      key.map((column) => row[column]),
    );
    await db.query(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})
       ON CONFLICT DO NOTHING`,
      values,
    );
  }
}

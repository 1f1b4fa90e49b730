type Row = Record<string, unknown>;

/**
 * Returns all rows of a table, in a fixed order. JSON text is parsed, because the order of its members is irrelevant.
 */
export async function tableRows(sql: (text: string) => Promise<Row[]>, table: string): Promise<Row[]> {
  const rows = await sql(`SELECT t.* FROM ${table} t ORDER BY t::text`);
  return rows.map((row) => (typeof row.shown === 'string' ? { ...row, shown: JSON.parse(row.shown) as unknown } : row));
}

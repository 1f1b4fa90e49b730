import pg from 'pg';

/**
 * Opens a connection for a test. Only its queries report that it broke: a failed test then shows its own error, and not
 * those of connections to a dropped database.
 * @param role set before the first query
 */
export async function connectTo(connectionString: string, role?: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, options: role && `-c role=${role}` });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A database to query directly. */
export interface AskedDatabase {
  /** Runs SQL as the login of the URL. */
  sql: <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;
  close: () => Promise<void>;
}

/** Queries over connections that are opened on demand, and again after they broke. */
export function askedAt(connectionString: string): AskedDatabase {
  const pool = new pg.Pool({ connectionString, max: 2, onConnect: (client) => client.on('error', () => undefined) });
  pool.on('error', () => undefined);
  return {
    sql: async <Row extends object>(text: string, values?: unknown[]) => (await pool.query<Row>(text, values)).rows,
    close: () => pool.end(),
  };
}

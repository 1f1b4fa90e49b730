import pg from 'pg';

/**
 * A connection of a test's own. That it was broken is told by its queries alone: a test that has failed says why, and
 * not what became of its connections when its database went.
 * @param role taken on before the first query
 */
export async function connectTo(connectionString: string, role?: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, options: role && `-c role=${role}` });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A database that is asked directly. */
export interface AskedDatabase {
  /** Runs SQL as the login of the URL. */
  sql: <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;
  close: () => Promise<void>;
}

/** Asks over connections that are made when they are needed, and anew after they were broken. */
export function askedAt(connectionString: string): AskedDatabase {
  const pool = new pg.Pool({ connectionString, max: 2, onConnect: (client) => client.on('error', () => undefined) });
  pool.on('error', () => undefined);
  return {
    sql: async <Row extends object>(text: string, values?: unknown[]) => (await pool.query<Row>(text, values)).rows,
    close: () => pool.end(),
  };
}

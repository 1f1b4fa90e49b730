import pg from 'pg';
import { Batch, type Statement } from '#libs/database/batch.js';
import { type DatabaseRole } from '#libs/database/connections.js';
import { connectTo } from '#libs/testing/connections.js';

/** A statement with the values that were sent. */
export type Recorded = Required<Pick<Statement, 'text' | 'values'>>;

/** The recorded statements of one role's connections. */
export interface Recording {
  /** Returns each statement once; the same text with the same values counts as the same. */
  statements(): Recorded[];
  stop(): unknown;
}

/** A statement that found or changed data of another organization. */
export interface Leak {
  text: string;
  found: unknown;
}

/** Matches statements that access data, not those that only set up the connection or the transaction. */
const ASKS = /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b(?! set_config)/;
/**
 * Statements that are open to all: the holder of a token may see its organization, and numbers and locks belong to no
 * organization.
 */
const OPEN_TO_ALL = /find_api_token\(|^SELECT (nextval|take_idempotency_key)\(/;
/** Reads of the feed require a horizon: here, one that allows everything. */
const HORIZON = `SET LOCAL app.feed_horizon = '9223372036854775807'`;
/** insufficient_privilege, and the application's code for a failed guard: no data was found. */
const REFUSED = new Set(['42501', 'DS001']);

/** Records all statements that this process sends on connections of the role, from now on. */
export function recordStatements(role: DatabaseRole): Recording {
  const found = new Map<string, Recorded>();
  const query = Reflect.get(pg.Client.prototype, 'query') as (...args: unknown[]) => unknown;
  /** Connections that take on the role when they open, or through a pooler in each transaction. */
  const inRole = new WeakSet();
  const listening = function (this: { connectionParameters: { options?: string } }, ...args: unknown[]) {
    const statements = args[0] instanceof Batch ? args[0]['statements'] : [];
    const takesOn = statements.some(({ text }) => text.includes(`set_config('role', '${role}'`));
    if (takesOn || this.connectionParameters.options?.includes(`role=${role}`)) inRole.add(this);
    if (inRole.has(this)) {
      for (const { text, values = [] } of statements) {
        if (ASKS.test(text)) found.set(`${text} ${JSON.stringify(values)}`, { text, values });
      }
    }
    return query.apply(this, args);
  };
  Object.assign(pg.Client.prototype, { query: listening });
  return {
    statements: () => [...found.values()],
    stop: () => Object.assign(pg.Client.prototype, { query }),
  };
}

/** Returns the statement without its conditions on the organization, as if they had been forgotten. */
export function withoutOrganization({ text, values }: Recorded): Recorded {
  const forgotten = text.replace(
    /(?:[\w"]+\.)?"?organization_id"? (?:= (\$\d+)|= ANY\((\$\d+)\))/g,
    (_, one: string | undefined, many: string) => (one ? `${one}::uuid IS NOT NULL` : `${many}::uuid[] IS NOT NULL`),
  );
  return { text: forgotten, values };
}

/**
 * Runs each statement in the scope of an organization without data, and rolls it back. Returns those that found or
 * changed any rows, other than rows that only repeat the values.
 */
export async function leaksOf(appUrl: string, organizationId: string, statements: Recorded[]): Promise<Leak[]> {
  const client = await connectTo(appUrl, 'deskstream_app');
  const leaks: Leak[] = [];
  for (const { text, values } of statements.filter((statement) => !OPEN_TO_ALL.test(statement.text))) {
    await client.query(`BEGIN; SET LOCAL app.org = ${pg.escapeLiteral(organizationId)}; ${HORIZON}`);
    try {
      const { command, rows, rowCount } = await client.query<object>(text, values);
      const found = command === 'SELECT' ? rows.filter((row) => tellsOf(row, values)) : (rowCount ?? 0);
      if (Array.isArray(found) ? found.length > 0 : found > 0) leaks.push({ text, found });
    } catch (error) {
      if (!REFUSED.has((error as { code?: string }).code ?? '')) throw new Error(text, { cause: error });
    }
    await client.query('ROLLBACK');
  }
  await client.end();
  return leaks;
}

const NOTHING = ['null', '0', '"0"', 'false', '""', '[]', '{}'];

/** Returns whether a row contains more than empty values and the statement's own values. */
function tellsOf(row: object, values: unknown[]): boolean {
  const asked = JSON.stringify(values);
  const cells = Object.values(row).map((cell: unknown) => JSON.stringify(cell));
  return cells.some((cell) => !NOTHING.includes(cell) && !asked.includes(cell));
}

import pg from 'pg';
import { Batch, type Statement } from '#libs/database/batch.js';
import { type DatabaseRole } from '#libs/database/connections.js';
import { connectTo } from '#libs/testing/connections.js';

/** A statement as it was sent. */
export type Recorded = Required<Pick<Statement, 'text' | 'values'>>;

/** What connections of one role have been asked. */
export interface Recording {
  /** Each once: a text with the same values counts as the same. */
  statements(): Recorded[];
  stop(): unknown;
}

/** What a statement did in somebody else's scope that it should not have. */
export interface Leak {
  text: string;
  found: unknown;
}

/** Not what only sets up the connection or the transaction. */
const ASKS = /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b(?! set_config)/;
/** Whoever holds a token may see whose it is: that is how a request comes to have an organization. Numbers and locks are nobody's. */
const OPEN_TO_ALL = /find_api_token\(|^SELECT (nextval|take_idempotency_key)\(/;
/** Reads of the feed are told before how far they may look: here, at everything. */
const HORIZON = `SET LOCAL app.feed_horizon = '9223372036854775807'`;
/** insufficient_privilege, and our own for what has changed: nothing was found. */
const REFUSED = new Set(['42501', 'DS001']);

/** Listens to all statements that this process sends on connections of that role, from now on. */
export function recordStatements(role: DatabaseRole): Recording {
  const found = new Map<string, Recorded>();
  const query = Reflect.get(pg.Client.prototype, 'query') as (...args: unknown[]) => unknown;
  const listening = function (this: { connectionParameters: { options?: string } }, ...args: unknown[]) {
    const [batch] = args;
    if (batch instanceof Batch && this.connectionParameters.options?.includes(`role=${role}`)) {
      for (const { text, values = [] } of batch['statements']) {
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

/** The statement without its conditions on the organization, as if they had been forgotten. */
export function withoutOrganization({ text, values }: Recorded): Recorded {
  const forgotten = text.replace(
    /(?:[\w"]+\.)?"?organization_id"? (?:= (\$\d+)|= ANY\((\$\d+)\))/g,
    (_, one: string | undefined, many: string) => (one ? `${one}::uuid IS NOT NULL` : `${many}::uuid[] IS NOT NULL`),
  );
  return { text: forgotten, values };
}

/**
 * Runs each statement in the scope of an organization that has nothing, and takes it back. Answers those that found or
 * changed anything: rows, but for what they only repeat of their values.
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

/** Whether a row has more than nothing and what it was asked with. */
function tellsOf(row: object, values: unknown[]): boolean {
  const asked = JSON.stringify(values);
  const cells = Object.values(row).map((cell: unknown) => JSON.stringify(cell));
  return cells.some((cell) => !NOTHING.includes(cell) && !asked.includes(cell));
}

import { migrate } from '#apps/setup.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { blocksOf } from './code-blocks.js';
import { type OwnPostgres, startOwnPostgres } from './own-postgres.js';
import { tableRows } from './table-rows.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What stands in place of what the blocks of SQL show in angle brackets. */
type Values = Record<string, unknown>;

/** An API and a worker with a PostgreSQL of their own, which organizations come to and leave. */
export interface Cell extends Pick<OwnPostgres, 'sql' | 'url'> {
  app: TestApp;
  /** Runs a block of SQL of docs/scaling.md, and returns its row if it is one statement. */
  run(block: string, values: Values): Promise<Values | undefined>;
  /** Repeats a block until it says that it is done. */
  until(block: string, values: Values): Promise<void>;
  /** Hides an organization from a role. */
  hide(organization: string, role: string): Promise<void>;
  /** Returns what is above all positions and numbers that the cell gives out for a while. */
  limits(): Promise<Values>;
  /** Returns the rows of an organization by table. */
  rowsOf(organization: string): Promise<Record<string, object[]>>;
  remove(): Promise<void>;
}

/** SQLSTATEs lock_not_available, deadlock_detected. */
const IN_THE_WAY = ['55P03', '40P01'];
const BLOCKS = new Map(blocksOf('docs/scaling.md').map(({ name, code }) => [name, code]));

/** @param env variables of the API and the worker */
export async function startCell(env: NodeJS.ProcessEnv): Promise<Cell> {
  const { sql, url, ...server } = await startOwnPostgres();
  const [ownerUrl, appUrl] = [url('postgres', 'postgres'), url('deskstream', 'postgres')];
  await migrate({ ownerUrl, appUrl });
  const database = { ownerUrl, appUrl, sql, drop: () => Promise.resolve() };
  const app = await startTestApp({ worker: true, database, env });
  const run = async (block: string, values: Values) => {
    const code = BLOCKS.get(block);
    if (code === undefined) throw new Error(`${block} is missing`);
    const text = Object.entries(values).reduce(
      (all, [name, value]) => all.replaceAll(`<${name}>`, String(value)),
      code,
    );
    // Several statements have no rows in common.
    const rows = (await sql<Values>(text)) as Values[] | undefined;
    return rows?.[0];
  };
  return {
    ...{ app, sql, url, run },
    until: async (block, values) => {
      await waitFor(block, async () => (await run(block, values))?.done);
    },
    hide: async (organization, role) => {
      await waitFor('the tables to be free', () =>
        run('hide.sql', { organization, role }).then(() => true, unlessFree),
      );
    },
    limits: async () => {
      const [limits] = await sql<Values>(
        `SELECT p.last_value + 1000000000 AS position, c.last_value + 1000000 AS conversation
         FROM event_position p, conversation_id c`,
      );
      return limits as Values;
    },
    rowsOf: async (organization) => {
      const tables = await sql<{ name: string }>('SELECT name::text FROM tables_of_organizations ORDER BY 1');
      const own = (text: string) =>
        sql<Values>(text.replace(' ORDER', ' WHERE organization_id = $1 ORDER'), [organization]);
      const rows: Record<string, object[]> = {};
      for (const { name } of tables) rows[name] = await tableRows(own, name);
      return rows;
    },
    remove: async () => {
      await app.close();
      await server.remove();
    },
  };
}

function unlessFree(error: unknown): false {
  if (!IN_THE_WAY.includes((error as { code: string }).code)) throw error;
  return false;
}

/** Copies an organization to another cell, which follows its changes from then on. */
export async function copy(organization: string, from: Cell, to: Cell): Promise<void> {
  for (const role of ['deskstream_app', 'deskstream_worker']) await to.hide(organization, role);
  const limits = { organization, ...(await from.limits()) };
  await to.run('raise.sql', limits);
  await waitFor('the relay to be beyond', async () => {
    await to.run('skip.sql', limits);
    return (await to.run('skipped.sql', limits))?.done;
  });
  await from.run('publish.sql', { organization });
  await to.run('subscribe.sql', { 'old cell': from.url('postgres', 'postgres') });
  await to.until('copied.sql', {});
}

/** Ends an organization's writes and deliveries in a cell, and waits until another cell has all of them. */
export async function handOver(organization: string, from: Cell, to: Cell): Promise<void> {
  await from.hide(organization, 'deskstream_app');
  await from.until('relayed.sql', { organization });
  await from.hide(organization, 'deskstream_worker');
  await from.until('applied.sql', (await from.run('end.sql', {})) as Values);
  await to.run('unsubscribe.sql', {});
}

import { type Database } from '#libs/database/database.js';
import { Places } from '#libs/platform/places.js';
import { PeriodicTask } from './periodic-task.js';

/** Maximum number of rows that one query takes, of one organization and of all. */
const [OF_ONE, OF_ALL] = [500, 5_000];
/** Organizations that are served in parallel, each row by row. */
const PLACES = { places: 4, most: 1 };

/** The rows to sweep, as the worker sees them. */
export interface Swept<Row> {
  /** Name in the log. */
  name: string;
  table: string;
  /** SQL for the columns of a row, except its organization. */
  columns: string;
  /** SQL for the condition of due rows; `$3` is {@link Swept.value}. */
  due: string;
  value?: () => unknown;
  /** The column to sort by: rows that are due longest come first. */
  since: string;
  /** Pause between two queries for rows, in milliseconds. */
  everyMs: number;
  /** Repeated for a row that is still due. Its errors are logged, and do not delay other rows. */
  work: (row: Row & { organizationId: string }) => Promise<void>;
}

/**
 * Does work that is due by time or on request, in the partitions that this process leads. Organizations are served side
 * by side, so that the work of one, however slow, does not delay others. A partition may change hands in between, so
 * the work must be safe to repeat.
 */
export class PartitionSweeper<Row> extends PeriodicTask {
  readonly #places = new Places(PLACES);
  readonly #served = new Map<string, Promise<void>>();

  /** @param leases the partitions that this process leads */
  constructor(
    private readonly database: Database,
    private readonly leases: { readonly held: number[] },
    private readonly swept: Swept<Row>,
  ) {
    super(swept.name, swept.everyMs);
  }

  /** Waits for the current rows. */
  override async onApplicationShutdown(): Promise<void> {
    await super.onApplicationShutdown();
    await Promise.all(this.#served.values());
  }

  async run(): Promise<void> {
    const { held } = this.leases;
    if (held.length === 0) return;
    const rows = await this.#due(held);
    for (const [organizationId, due] of Map.groupBy(rows, (row) => row.organizationId)) {
      const serving = this.#places
        .with(organizationId, () => this.#serve(due))
        .finally(() => this.#served.delete(organizationId));
      this.#served.set(organizationId, serving);
    }
  }

  #due(partitions: number[]): Promise<(Row & { organizationId: string })[]> {
    const { table, columns, due, since, value } = this.swept;
    return this.database.query(null, {
      text: `SELECT organization_id AS "organizationId", ${columns} FROM (
               SELECT *, row_number() OVER (PARTITION BY organization_id ORDER BY ${since}) AS turn FROM ${table} AS t
               WHERE ${due} AND partition_of(organization_id) = ANY($1) AND organization_id <> ALL($2::uuid[])
             ) AS waiting WHERE turn <= ${OF_ONE} ORDER BY turn, ${since} LIMIT ${OF_ALL}`,
      values: [partitions, [...this.#served.keys()], ...(value ? [value()] : [])],
    });
  }

  async #serve(rows: (Row & { organizationId: string })[]): Promise<void> {
    for (const row of rows) {
      if (this.stopping) return;
      await this.swept.work(row).catch((error: unknown) => {
        this.logger.warn({ err: error as Error, ...row }, `${this.swept.name}: a row will be retried`);
      });
    }
  }
}

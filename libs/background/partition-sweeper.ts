import { type Database } from '#libs/database/database.js';
import { Places } from '#libs/platform/places.js';
import { PeriodicTask } from './periodic-task.js';

/** Rows of one organization, and of all, that one look takes at most. */
const [OF_ONE, OF_ALL] = [500, 5_000];
/** Organizations that are served at the same time, each row by row. */
const PLACES = { places: 4, most: 1 };

/** What is swept, as the worker sees it. */
export interface Swept<Row> {
  /** For the log. */
  name: string;
  table: string;
  /** SQL for the columns of a row, beside its organization. */
  columns: string;
  /** SQL for which rows are due; `$3` is {@link Swept.value}. */
  due: string;
  value?: () => unknown;
  /** The column that the longest due come first by. */
  since: string;
  /** How often it is looked for rows, in milliseconds. */
  everyMs: number;
  /** Done again for a row that is still due. What it throws is logged, and keeps no other row waiting. */
  work: (row: Row & { organizationId: string }) => Promise<void>;
}

/**
 * Does what is due by the clock or on request, in the partitions that this process leads. Organizations are served side by
 * side: one that has much, or something that takes long, keeps no other waiting. A partition may change hands meanwhile, so
 * the work must be safe to do twice.
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

  /** Finishes the rows at hand. */
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
        this.logger.warn({ err: error as Error, ...row }, `${this.swept.name}: a row is to be tried again`);
      });
    }
  }
}

import pg from 'pg';
import { Batch, type Statement } from '#libs/database/batch.js';
import { type Page, type Place, type Query, type ReadPage } from './rebuild-pages.js';
import { type Shadow } from './rebuild-shadow.js';

/**
 * Fills a shadow with the events up to its horizon, partition by partition. Any number may fill it at once. A page and
 * the position after it are one transaction, so that a process that continues repeats and misses nothing.
 */
export class Fill {
  readonly #query: Query;

  /** @param client connected as the owner */
  constructor(
    private readonly client: pg.Client,
    private readonly shadow: Shadow,
    private readonly readPage: ReadPage,
  ) {
    this.#query = async <Row>(statement: Statement) => (await this.#batch([statement])).at(-1)?.rows as Row[];
  }

  /** Runs until no partition is left to take. @param onPage receives the number of events of each page */
  async run(onPage: (events: number, isLast: boolean) => void): Promise<void> {
    for (let place = await this.#begin(); place; place = await this.#begin()) {
      await this.#query({ text: 'SET LOCAL ROLE deskstream_worker' });
      const page = await this.readPage(this.#query, place);
      await this.#write(place, page);
      onPage(page.events, page.position === undefined);
    }
    await this.#query({ text: 'COMMIT' });
  }

  /** Begins a transaction and takes a partition that no other connection fills. */
  async #begin(): Promise<Place | undefined> {
    const taken = {
      text: `SELECT partition, p.position::float8 AS position, horizon::float8 AS horizon
        FROM ${this.shadow.partitions} AS p, ${this.shadow.feed} WHERE NOT is_filled
        ORDER BY partition LIMIT 1 FOR UPDATE OF p SKIP LOCKED`,
    };
    const results = await this.#batch([{ text: 'BEGIN' }, { text: 'SET LOCAL enable_bitmapscan = off' }, taken]);
    return results.at(-1)?.rows[0] as Place | undefined;
  }

  async #write({ partition }: Place, { statements, events, position }: Page): Promise<void> {
    const progress = {
      text: `UPDATE ${this.shadow.partitions}
        SET events = events + $2, position = coalesce($3, position), is_filled = $3::bigint IS NULL WHERE partition = $1`,
      values: [partition, events, position],
    };
    await this.#batch([
      { text: 'RESET ROLE' },
      { text: `SET LOCAL search_path = ${this.shadow.schema}, public` },
      ...statements,
      progress,
      { text: 'COMMIT' },
    ]);
  }

  #batch(statements: Statement[]) {
    return this.client.query(new Batch(statements, pg.types)).results;
  }
}

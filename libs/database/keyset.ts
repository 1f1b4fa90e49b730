import { isUUID } from 'class-validator';
import { DomainError } from '#libs/platform/domain-error.js';
import { instantOf } from '#libs/platform/instant.js';
import { isPlainText } from '#libs/platform/values.js';
import { type Statement } from './batch.js';
import { type Database } from './database.js';

/** A position in a list: the sort key of the adjacent row, and the direction to read in. */
export interface Cursor {
  values: (string | number)[];
  backward: boolean;
}

/** A request for a page of a list; without a cursor, the first page. */
export interface PageRequest {
  limit: number;
  cursor?: Cursor;
}

/** A page of a list, and the cursors of the adjacent pages. */
export interface Page<Row> {
  rows: Row[];
  previous?: Cursor;
  next?: Cursor;
}

/** A column that a list is sorted by. */
export interface KeyColumn<Row> {
  /** The column's name in SQL. */
  name: string;
  type: 'uuid' | 'timestamptz' | 'bigint' | 'text';
  /** The SQL that lists select for `of`, if they do not select it anyway. */
  select?: string;
  of: (row: Row) => string | number;
}

/**
 * The order of a list, by columns that together are unique. A page starts after the key of a row (keyset pagination),
 * so its cost does not grow with its depth, and concurrent changes do not shift rows.
 */
export class Keyset<Row> {
  /** The columns that must be selected for the order, besides those that lists select anyway. */
  readonly selected: string[];
  readonly #columns: string;
  readonly #backwards: string;
  readonly #forwards: string;

  constructor(
    private readonly columns: KeyColumn<Row>[],
    private readonly direction: 'ASC' | 'DESC',
  ) {
    this.selected = columns.flatMap(({ select }) => select ?? []);
    const order = (way: string) => columns.map(({ name }) => `${name} ${way}`).join(', ');
    this.#columns = columns.map(({ name }) => name).join(', ');
    this.#forwards = order(direction);
    this.#backwards = order(direction === 'ASC' ? 'DESC' : 'ASC');
  }

  /**
   * Returns one page, in one round trip.
   * @param select a statement that ends within its WHERE, so that `AND …` can follow. With `each`, it runs for each row
   *   of that FROM clause, and the page is the start of all their results: so an index can be used whose first columns
   *   are not those of the list. Columns of the order are then those of a table `d`
   * @throws {DomainError} `invalid` for a cursor of another order
   */
  async read(
    database: Database,
    organizationId: string,
    { text, values = [], replanned, each }: Statement & { each?: string },
    { limit, cursor }: PageRequest,
  ): Promise<Page<Row>> {
    if (cursor && !this.#fits(cursor)) {
      throw new DomainError('invalid', 'Invalid value for: query parameter pageKey (not a key of this list)');
    }
    const backward = cursor?.backward ?? false;
    const parameter = (index: number) => `$${values.length + index + 1}`;
    const key = this.columns.map(({ type }, index) => `${parameter(index)}::${type}`).join(', ');
    const after = (this.direction === 'ASC') === backward ? '<' : '>';
    const keyValues = cursor?.values ?? [];
    const first = `ORDER BY ${backward ? this.#backwards : this.#forwards} LIMIT ${parameter(keyValues.length)}`;
    const page = `${text} ${cursor ? `AND (${this.#columns}) ${after} (${key})` : ''} ${first}`;
    const rows = await database.query<Row>(organizationId, {
      text: each ? `SELECT d.* FROM ${each} CROSS JOIN LATERAL (${page}) AS d ${first}` : page,
      values: [...values, ...keyValues, limit + 1],
      replanned,
    });
    return this.pageOf(rows, { limit, cursor });
  }

  /**
   * Returns one page of rows that may be large. They are read a few at a time; the page ends early when it is full.
   * @param bounds the number of rows to read at once, the size of a page, and the size of each row
   */
  async readWithin(
    database: Database,
    organizationId: string,
    select: Statement,
    { limit, cursor }: PageRequest,
    { atOnce, room, sizeOf }: { atOnce: number; room: number; sizeOf: (row: Row) => number },
  ): Promise<Page<Row>> {
    const pages: Page<Row>[] = [];
    let [left, free, from]: [number, number, Cursor | undefined] = [limit, room, cursor];
    do {
      const page = await this.read(database, organizationId, select, { limit: Math.min(left, atOnce), cursor: from });
      pages.push(page);
      left -= page.rows.length;
      free -= page.rows.reduce((sum, row) => sum + sizeOf(row), 0);
      from = cursor?.backward ? page.previous : page.next;
    } while (from && left > 0 && free > 0);
    if (cursor?.backward) pages.reverse();
    return { rows: pages.flatMap(({ rows }) => rows), previous: pages[0]?.previous, next: pages.at(-1)?.next };
  }

  /**
   * Builds a page of rows in the order in which they were read. One more row than its limit shows that there is another
   * page.
   * @param reached for a page that ends early: the row at which the next page continues
   */
  pageOf(read: Row[], { limit, cursor }: PageRequest, reached?: Row): Page<Row> {
    const backward = cursor?.backward ?? false;
    const more = read.length > limit;
    const rows = read.slice(0, limit);
    const [nearest, farthest] = [rows[0], more ? rows.at(-1) : (reached ?? rows.at(-1))];
    if (backward) rows.reverse();
    if (!farthest) return { rows };
    const onwards = (more || reached) && { values: this.#keyOf(farthest), backward };
    const back = cursor && { values: this.#keyOf(nearest ?? farthest), backward: !backward };
    const [previous, next] = backward ? [onwards, back] : [back, onwards];
    return { rows, ...(previous && { previous }), ...(next && { next }) };
  }

  #keyOf(row: Row): (string | number)[] {
    return this.columns.map(({ of }) => of(row));
  }

  #fits({ values }: Cursor): boolean {
    const { columns } = this;
    return values.length === columns.length && columns.every(({ type }, index) => IS_OF[type](values[index]));
  }
}

const IS_OF: Record<KeyColumn<unknown>['type'], (value: unknown) => boolean> = {
  uuid: (value) => isUUID(value),
  timestamptz: isInstant,
  bigint: (value) => Number.isSafeInteger(value),
  text: isPlainText,
};

/** Returns a column of instants. It selects milliseconds: making a Date for each row costs more than the rest of it. */
export function instantKey<Name extends string>(name: Name) {
  const selected = `${name}_ms` as const;
  return {
    name,
    type: 'timestamptz',
    select: `extract(epoch FROM ${name}) * 1000 AS ${selected}`,
    of: (row: Record<typeof selected, string>) => new Date(Number(row[selected])).toISOString(),
  } as const;
}

/** Accepts instants in UTC on an existing day. PostgreSQL does not read all forms of ISO 8601. */
function isInstant(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(value)) return false;
  return instantOf(value) !== undefined;
}

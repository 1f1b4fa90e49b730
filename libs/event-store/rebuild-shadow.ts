import pg from 'pg';
import { PARTITIONS } from './partitions.js';

/** What the names of schemas begin with that hold what is filled. */
export const SCHEMA_PREFIX = 'rebuild_';

/** How far the rebuild of a table has come. */
export interface RebuildProgress {
  /** Number of events whose effect it contains. */
  events: number;
  /** Number of partitions, of {@link PARTITIONS}, that are filled. */
  partitions: number;
}

/**
 * The table that takes the place of a read table, in a schema of its own so that its indexes can have the same names;
 * and how far it is filled. It stays when the rebuild is killed, and the next rebuild continues it.
 */
export class Shadow {
  readonly schema: string;
  /** The table that it replaces. */
  readonly live: string;
  readonly #own: string;

  /**
   * @param client connected as the owner
   * @param maker identifies the program that fills the table; a table of another maker is not continued
   */
  constructor(
    private readonly client: pg.Client,
    readonly name: string,
    private readonly maker: string,
  ) {
    const table = pg.escapeIdentifier(name);
    this.schema = pg.escapeIdentifier(SCHEMA_PREFIX + name);
    this.live = `public.${table}`;
    this.#own = `${this.schema}.${table}`;
  }

  /** Table with the position that each partition is filled to. */
  get partitions(): string {
    return `${this.schema}.partitions`;
  }

  /** Table with the position up to which partitions are filled, and the one that the table has then caught up to. */
  get feed(): string {
    return `${this.schema}.feed`;
  }

  /** Continues an interrupted rebuild of the same maker; otherwise begins. */
  async open(): Promise<void> {
    const { rows } = await this.client.query<{ left: string | null; maker: string }>(
      `SELECT obj_description(to_regnamespace($1), 'pg_namespace') AS left,
         $2 || ' ' || string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS maker
       FROM pg_attribute WHERE attrelid = $3::regclass AND attnum > 0 AND NOT attisdropped`,
      [this.schema, this.maker, this.live],
    );
    const [{ left, maker }] = rows as [{ left: string | null; maker: string }];
    if (left !== maker) await this.#create(maker);
  }

  async progress(): Promise<RebuildProgress> {
    const { rows } = await this.client.query<RebuildProgress>(
      `SELECT (SELECT sum(events) FROM ${this.partitions})::float8 + (SELECT events FROM ${this.feed}) AS events,
         (SELECT count(*)::int FROM ${this.partitions} WHERE is_filled) AS partitions`,
    );
    return rows[0] as RebuildProgress;
  }

  /**
   * Creates all indexes except the primary key's that are not there yet. Building them on the filled table is faster, and
   * avoids false unique violations: when a value changes owners, the event of the new owner may have the lower position.
   */
  async createIndexes(): Promise<void> {
    for (const { definition } of await this.#indexes()) {
      const here = definition.replace(/INDEX /, 'INDEX IF NOT EXISTS ').replace(/ ON (\w+\.)?/, ` ON ${this.schema}.`);
      await this.client.query(here);
    }
  }

  async dropIndexes(): Promise<void> {
    for (const { name } of await this.#indexes()) {
      await this.client.query(`DROP INDEX IF EXISTS ${this.schema}.${pg.escapeIdentifier(name)}`);
    }
  }

  /** Takes the place of the live table, which this transaction has locked. */
  async replace(): Promise<void> {
    const { client } = this;
    await client.query('SET LOCAL search_path = public');
    await client.query('SELECT copy_protection($1::regclass, $2::regclass)', [this.live, this.#own]);
    await client.query(`DROP TABLE ${this.live}`);
    await client.query(`ALTER TABLE ${this.#own} SET SCHEMA public`);
    await client.query(`DROP TABLE ${this.partitions}, ${this.feed}`);
    await client.query(`DROP SCHEMA ${this.schema}`);
  }

  /** Creates an empty copy of the table, in one transaction: a schema with a comment is complete. */
  async #create(maker: string): Promise<void> {
    const { rows } = await this.client.query<{ name: string; definition: string }>(
      `SELECT conname AS name, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'`,
      [this.live],
    );
    const key = rows[0] as { name: string; definition: string };
    await this.client.query(`
      DROP SCHEMA IF EXISTS ${this.schema} CASCADE;
      CREATE SCHEMA ${this.schema};
      COMMENT ON SCHEMA ${this.schema} IS ${pg.escapeLiteral(maker)};
      CREATE TABLE ${this.#own} (LIKE ${this.live} INCLUDING ALL EXCLUDING INDEXES);
      ALTER TABLE ${this.#own} ADD CONSTRAINT ${pg.escapeIdentifier(key.name)} ${key.definition};
      CREATE TABLE ${this.partitions} (partition integer PRIMARY KEY, position bigint NOT NULL DEFAULT 0,
        events bigint NOT NULL DEFAULT 0, is_filled boolean NOT NULL DEFAULT false);
      INSERT INTO ${this.partitions} (partition) SELECT generate_series(0, ${PARTITIONS - 1});
      CREATE TABLE ${this.feed} AS SELECT horizon, horizon AS position, 0::bigint AS events
        FROM feed_horizon() AS horizon;
    `);
  }

  async #indexes(): Promise<{ name: string; definition: string }[]> {
    const { rows } = await this.client.query<{ name: string; definition: string }>(
      `SELECT relname AS name, pg_get_indexdef(indexrelid) AS definition
       FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = $1::regclass AND NOT indisprimary`,
      [this.live],
    );
    return rows;
  }
}

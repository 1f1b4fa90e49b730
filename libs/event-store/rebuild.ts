import pg from 'pg';
import { Batch, type Statement } from '#libs/database/batch.js';
import { DomainError } from '#libs/platform/domain-error.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';
import { stretchEnd } from './event-feed.js';
import { type RecordedEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { changesOfTables } from './read-tables.js';
import { type AnyStreamDefinition } from './stream-definition.js';
import { after, StreamStates } from './stream-states.js';

/** The result of a rebuild. `heldMs` is the time that writes to the table had to wait. */
export interface RebuildResult {
  table: string;
  events: number;
  heldMs: number;
}

const PAGE = 1_000;
/** lock_not_available; unique_violation, if a value's new owner was read before its old one released it */
const AGAIN = new Set(['55P03', '23505']);

/**
 * Rebuilds a read table from the events while the application goes on: fills a new table beside the old one, and
 * replaces the old one under a lock that is held only to apply the last few events.
 * @param ownerUrl the database, as the role that owns its tables
 */
export async function rebuildTable(
  ownerUrl: string,
  codec: EventCodec,
  definition: AnyStreamDefinition,
  table: string,
): Promise<RebuildResult> {
  const client = new pg.Client({ connectionString: ownerUrl, options: '-c lock_timeout=2s' });
  // The running query reports it.
  client.on('error', () => undefined);
  await client.connect();
  const rebuild = new Rebuild(client, codec, definition, table);
  try {
    return await rebuild.run();
  } finally {
    await client.end();
  }
}

class Rebuild {
  readonly #table: string;
  readonly #schema: string;
  readonly #states: StreamStates;
  #position = 0;
  #events = 0;

  constructor(
    private readonly client: pg.Client,
    private readonly codec: EventCodec,
    private readonly definition: AnyStreamDefinition,
    private readonly table: string,
  ) {
    this.#table = pg.escapeIdentifier(table);
    this.#schema = pg.escapeIdentifier(`rebuild_${table}`);
    const query = async <Row>(_: string | null, { text, values }: Statement) =>
      (await client.query(text, values)).rows as Row[];
    this.#states = new StreamStates({ query }, codec);
  }

  async run(): Promise<RebuildResult> {
    await this.#takeLock();
    await this.#createShadow();
    await this.#fill();
    const indexes = await this.#secondaryIndexes();
    for (;;) {
      try {
        for (let index = indexes[0]; index; index = indexes[0]) {
          await this.client.query(index.replace(/ ON (\w+\.)?/, ` ON ${this.#schema}.`));
          indexes.shift();
        }
        return { table: this.table, events: this.#events, heldMs: await this.#flip() };
      } catch (error) {
        if (!AGAIN.has((error as { code?: string }).code ?? '')) throw error;
        await this.#fill();
      }
    }
  }

  async #fill(): Promise<void> {
    while (await this.#inTransaction(() => this.#catchUp('SELECT feed_horizon()')));
  }

  /** Creates an empty copy of the table, in its own schema so that its indexes can have the same names. */
  async #createShadow(): Promise<void> {
    const { client } = this;
    await client.query(`DROP SCHEMA IF EXISTS ${this.#schema} CASCADE`);
    await client.query(`CREATE SCHEMA ${this.#schema}`);
    await client.query(
      `CREATE TABLE ${this.#schema}.${this.#table} (LIKE public.${this.#table} INCLUDING ALL EXCLUDING INDEXES)`,
    );
    const { rows } = await client.query<{ name: string; definition: string }>(
      `SELECT conname AS name, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'`,
      [`public.${this.#table}`],
    );
    const key = rows[0] as { name: string; definition: string };
    const name = pg.escapeIdentifier(key.name);
    await client.query(`ALTER TABLE ${this.#schema}.${this.#table} ADD CONSTRAINT ${name} ${key.definition}`);
  }

  /**
   * Returns all indexes except the primary key's. Building them on the filled table is faster, and avoids false unique
   * violations: when a value changes owners, the event of the new owner may have the lower position.
   */
  async #secondaryIndexes(): Promise<string[]> {
    const { rows } = await this.client.query<{ definition: string }>(
      `SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid = $1::regclass AND NOT indisprimary`,
      [`public.${this.#table}`],
    );
    return rows.map(({ definition }) => definition);
  }

  async #takeLock(): Promise<void> {
    const { rows } = await this.client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock(hashtext($1)) AS taken', [
      `rebuild ${this.table}`,
    ]);
    if (!rows[0]?.taken) throw new DomainError('conflict', `${this.table} is already being rebuilt`);
  }

  /**
   * Applies the next page of events up to a position; returns false at that position. An earlier statement than that of
   * the events reads the position, so that all commits before it are seen.
   */
  async #catchUp(upTo: string): Promise<boolean> {
    const { client } = this;
    await client.query(`SET LOCAL ROLE deskstream_worker`);
    const { rows: places } = await client.query<{ last: string; through: string }>(
      `SELECT last, ${stretchEnd('$1::bigint', 'last')} AS through FROM (${upTo}) AS feed(last)`,
      [this.#position],
    );
    const [end, through] = [Number(places[0]?.last), Number(places[0]?.through)];
    const { rows } = await client.query<EventRow>(
      `SELECT *, position::float8 AS position FROM ${KEYED_EVENTS}
       WHERE position > $1 AND position <= $2 AND stream LIKE $3 ORDER BY events.position LIMIT ${PAGE}`,
      [this.#position, through, `${this.definition.category}-%`],
    );
    const statements = await this.#statements(rows.map((row) => this.codec.decode(row)));
    await client.query('RESET ROLE');
    await client.query(`SET LOCAL search_path = ${this.#schema}, public`);
    await client.query(new Batch(statements, pg.types)).results;
    const last = rows.length === PAGE ? rows.at(-1) : undefined;
    this.#position = last?.position ?? Math.max(this.#position, through);
    this.#events += rows.length;
    return this.#position < end;
  }

  /** Returns what the next events change in the table, stream by stream. */
  async #statements(events: RecordedEvent[]): Promise<Statement[]> {
    const { definition } = this;
    const streams = [...Map.groupBy(events, ({ organizationId, stream }) => `${organizationId} ${stream}`).values()];
    const wanted = streams.map(([first]) => {
      const { organizationId, stream, version } = first as RecordedEvent;
      return { definition, organizationId, stream, through: version - 1 };
    });
    const befores = await this.#states.fold(null, wanted);
    return streams.flatMap((own, index) => {
      const before = befores[index] as Loaded<unknown>;
      const result = own.reduce((state, event) => after(definition, state, event), before);
      return changesOfTables(definition, own, before, result, (table) => table === this.table);
    });
  }

  /**
   * Replaces the old table. Once it is locked, each append has either written to it and committed, so its events are
   * applied here; or has not touched it yet, and will write to the new one.
   */
  async #flip(): Promise<number> {
    const { client } = this;
    let lockedAt = 0;
    await this.#inTransaction(async () => {
      await client.query(`LOCK TABLE public.${this.#table} IN ACCESS EXCLUSIVE MODE`);
      lockedAt = performance.now();
      while (await this.#catchUp('SELECT last_value FROM event_position'));
      await client.query('SET LOCAL search_path = public');
      const tables = [`public.${this.#table}`, `${this.#schema}.${this.#table}`];
      await client.query('SELECT copy_protection($1::regclass, $2::regclass)', tables);
      await client.query(`DROP TABLE public.${this.#table}`);
      await client.query(`ALTER TABLE ${this.#schema}.${this.#table} SET SCHEMA public`);
      await client.query(`DROP SCHEMA ${this.#schema}`);
    });
    return performance.now() - lockedAt;
  }

  async #inTransaction<T>(work: () => Promise<T>): Promise<T> {
    const before = { position: this.#position, events: this.#events };
    await this.client.query('BEGIN');
    try {
      const result = await work();
      await this.client.query('COMMIT');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK');
      this.#position = before.position;
      this.#events = before.events;
      throw error;
    }
  }
}

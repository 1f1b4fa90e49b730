import pg from 'pg';
import { Batch, type Statement } from '#libs/database/batch.js';
import { type EventCodec, type EventRow, KEYED_EVENTS } from './event-codec.js';
import { stretchEnd } from './event-feed.js';
import { type RecordedEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { changesOfTables } from './read-tables.js';
import { type Shadow } from './rebuild-shadow.js';
import { type AnyStreamDefinition } from './stream-definition.js';
import { after, StreamStates } from './stream-states.js';

/** Maximum number of events that are applied at once. */
const PAGE = 1_000;

/** Applies the events after a shadow's horizon, in the order of the feed. */
export class CatchUp {
  readonly #states: StreamStates;

  /** @param client connected as the owner */
  constructor(
    private readonly client: pg.Client,
    private readonly shadow: Shadow,
    private readonly codec: EventCodec,
    private readonly definition: AnyStreamDefinition,
  ) {
    const query = async <Row>(_: string | null, { text, values }: Statement) =>
      (await client.query(text, values)).rows as Row[];
    this.#states = new StreamStates({ query }, codec);
  }

  /** Applies all events up to the horizon. */
  async run(): Promise<void> {
    for (let isThere = false; !isThere;) {
      await this.client.query('BEGIN');
      isThere = await this.step('SELECT feed_horizon()');
      await this.client.query('COMMIT');
    }
  }

  /**
   * Applies the next page of events, in a transaction. An earlier statement than that of the events reads the position,
   * so that all commits before it are seen.
   * @param upTo a query for the position to reach
   * @returns whether it is reached
   */
  async step(upTo: string): Promise<boolean> {
    const { client, shadow } = this;
    const reached = await this.#number(`SELECT position FROM ${shadow.feed}`);
    await client.query('SET LOCAL ROLE deskstream_worker');
    const end = await this.#number(upTo);
    const through = await this.#number(`SELECT ${stretchEnd('$1::bigint', '$2::bigint')}`, [reached, end]);
    const { rows } = await client.query<EventRow>(
      `SELECT *, position::float8 AS position FROM ${KEYED_EVENTS}
       WHERE position > $1 AND position <= $2 AND stream LIKE $3 ORDER BY events.position LIMIT ${PAGE}`,
      [reached, through, `${this.definition.category}-%`],
    );
    const statements = await this.#statements(rows.map((row) => this.codec.decode(row)));
    await client.query('RESET ROLE');
    await client.query(`SET LOCAL search_path = ${shadow.schema}, public`);
    const position = (rows.length === PAGE && rows.at(-1)?.position) || Math.max(reached, through);
    const progress = {
      text: `UPDATE ${shadow.feed} SET position = $1, events = events + $2`,
      values: [position, rows.length],
    };
    await client.query(new Batch([...statements, progress], pg.types)).results;
    return position >= end;
  }

  /**
   * Returns the changes that the next events make in the table, stream by stream. Rows of parts are rebuilt: the state
   * before lacks personal data whose key was destroyed after the rows were filled.
   */
  async #statements(events: RecordedEvent[]): Promise<Statement[]> {
    const { definition, shadow } = this;
    const streams = [...Map.groupBy(events, ({ organizationId, stream }) => `${organizationId} ${stream}`).values()];
    const wanted = streams.map(([first]) => {
      const { organizationId, stream, version } = first as RecordedEvent;
      return { definition, organizationId, stream, through: version - 1 };
    });
    const befores = await this.#states.fold(null, wanted);
    return streams.flatMap((own, index) => {
      const before = befores[index] as Loaded<unknown>;
      const result = own.reduce((state, event) => after(definition, state, event), before);
      return changesOfTables(definition, own, before, result, { table: shadow.name, rebuildsParts: true });
    });
  }

  async #number(text: string, values?: unknown[]): Promise<number> {
    const { rows } = await this.client.query<(string | number)[]>({ text, values, rowMode: 'array' });
    return Number(rows[0]?.[0]);
  }
}

import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { JsonText } from '#libs/platform/json-text.js';
import { type EventCodec } from './event-codec.js';
import { type DomainEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { type StreamDefinition, streamName } from './stream-definition.js';
import { StreamStates } from './stream-states.js';

/** The columns that rows are shown by in lists: {@link ListedRow}. */
export const LISTED = 'id, shape, shown';
/** The same with the version, which makes an ETag: {@link ShownRow}. */
export const SHOWN = `${LISTED}, version`;
/** The same with the state: {@link StateRow}. */
export const SHOWN_WITH_STATE = `${SHOWN}, document`;

/** A row of {@link LISTED}. */
export interface ListedRow {
  id: string | number;
  shape: number;
  shown: string;
}

/** A row of {@link SHOWN}. */
export interface ShownRow extends ListedRow {
  version: number;
}

/** A row of {@link SHOWN_WITH_STATE}. */
export interface StateRow<State> extends ShownRow {
  document: NonNullable<State>;
}

/** Reads entities as the API shows them, by the rows that hold their states. */
export class EntityReader {
  readonly #states: StreamStates;

  constructor(
    private readonly database: Database,
    codec: EventCodec,
  ) {
    this.#states = new StreamStates(database, codec);
  }

  /** One of them; undefined when it does not exist. */
  async get<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    id: string | number,
  ): Promise<JsonText | undefined> {
    const rows = await this.database.lookup<ShownRow>(organizationId, {
      text: `SELECT ${SHOWN} FROM ${definition.row?.table} WHERE organization_id = $1 AND id = $2`,
      values: [organizationId, id],
    });
    const [shown] = await this.#shown(definition, organizationId, rows);
    return shown;
  }

  /** Those that a query answers {@link LISTED} of. */
  async list<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    select: Statement,
  ): Promise<JsonText[]> {
    return this.#shown(definition, organizationId, await this.database.query<ListedRow>(organizationId, select));
  }

  /** Rows as they would be if none was stale. Another round trip where some are. */
  async fresh<State, Event extends DomainEvent, Row extends ListedRow>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    rows: Row[],
  ): Promise<Row[]> {
    const { row: table } = definition;
    if (!table) throw new Error(`${definition.category} streams have no rows`);
    const stale = rows.filter(({ shape }) => shape !== definition.shape);
    if (stale.length === 0) return rows;
    const wanted = stale.map(({ id }) => ({ definition, organizationId, stream: streamName(definition, String(id)) }));
    const folded = await this.#states.fold(organizationId, wanted);
    const renewed = new Map(
      stale.map((row, place) => {
        const { state, version, recordedAt } = folded[place] as Loaded<NonNullable<State>>;
        const facts = { organizationId, recordedAt: recordedAt as Date };
        return [row, { ...row, version, document: state, shown: JSON.stringify(table.shown(state, facts)) }];
      }),
    );
    return rows.map((row) => renewed.get(row) ?? row);
  }

  async #shown<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    rows: ListedRow[],
  ): Promise<JsonText[]> {
    return (await this.fresh(definition, organizationId, rows)).map(shownText);
  }
}

/** What a row shows. */
export function shownText({ shown, version }: ListedRow & Partial<ShownRow>): JsonText {
  return new JsonText(shown, version);
}

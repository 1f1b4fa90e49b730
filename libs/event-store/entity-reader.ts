import { type Statement } from '#libs/database/batch.js';
import { type Database } from '#libs/database/database.js';
import { type Keyset, type Page, type PageRequest } from '#libs/database/keyset.js';
import { sortedByName } from '#libs/database/name-order.js';
import { notFound } from '#libs/platform/domain-error.js';
import { JsonText, type Sendable } from '#libs/platform/json-text.js';
import { type EventCodec } from './event-codec.js';
import { type DomainEvent } from './event.js';
import { type Loaded } from './loaded.js';
import { PastStreams } from './past-streams.js';
import { type StreamDefinition, streamName } from './stream-definition.js';
import { StreamStates } from './stream-states.js';

/** The columns that rows of lists are shown by: {@link ListedRow}. */
export const LISTED = 'id, shape, shown';
/** The columns of {@link LISTED}, and the version, which makes an ETag: {@link ShownRow}. */
export const SHOWN = `${LISTED}, version`;
/** The columns of {@link SHOWN}, and the state: {@link StateRow}. */
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

/** Reads entities as the API shows them, from the rows that hold their states. */
export class EntityReader {
  readonly #states: StreamStates;
  readonly #past: PastStreams;

  constructor(
    private readonly database: Database,
    codec: EventCodec,
  ) {
    this.#states = new StreamStates(database, codec);
    this.#past = new PastStreams(database, codec);
  }

  /**
   * Returns one entity as it is now or, with `asOf`, as it was then.
   * @param name of the entity in the error message
   * @throws {DomainError} `not-found`
   */
  async existing<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    name: string,
    { organizationId, id, asOf }: { organizationId: string; id: string; asOf?: Date },
  ): Promise<Sendable<object>> {
    if (asOf) {
      const { state, recordedAt } = await this.#past.existing(definition, name, id, organizationId, asOf);
      return definition.row?.shown(state, { organizationId, recordedAt: recordedAt as Date }) as object;
    }
    const entity = await this.get(definition, organizationId, id);
    if (!entity) throw notFound(name, id);
    return entity;
  }

  /** Returns one entity; undefined when it does not exist. */
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

  /** Returns the entities of a query that selects {@link LISTED}. */
  async list<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    select: Statement,
  ): Promise<JsonText[]> {
    return this.#shown(definition, organizationId, await this.database.query<ListedRow>(organizationId, select));
  }

  /** Returns all entities as they were at an instant, sorted by name. */
  async listAsOf<State, Event extends DomainEvent>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    asOf: Date,
  ): Promise<object[]> {
    const streams = await this.#past.loadAll(definition, organizationId, asOf);
    const shown = streams.flatMap(({ state, recordedAt }) =>
      state ? (definition.row?.shown(state, { organizationId, recordedAt: recordedAt as Date }) ?? []) : [],
    );
    return sortedByName(this.database, organizationId, shown as { id: string; name: string }[]);
  }

  /** Returns a page of the entities of a query that selects {@link LISTED} and what the order needs. */
  async page<State, Event extends DomainEvent, Row extends ListedRow>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    order: Keyset<Row>,
    select: Statement,
    request: PageRequest,
  ): Promise<Page<JsonText>> {
    const { rows, ...links } = await order.read(this.database, organizationId, select, request);
    return { rows: await this.#shown(definition, organizationId, rows), ...links };
  }

  /** Returns the rows with stale ones renewed, which takes another round trip. Those of a newer release are not stale. */
  async fresh<State, Event extends DomainEvent, Row extends ListedRow>(
    definition: StreamDefinition<State, Event>,
    organizationId: string,
    rows: Row[],
  ): Promise<Row[]> {
    const { row: table } = definition;
    if (!table) throw new Error(`${definition.category} streams have no rows`);
    const stale = rows.filter(({ shape }) => shape < definition.shape);
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

/** Returns what a row shows. */
export function shownText({ shown, version }: ListedRow & Partial<ShownRow>): JsonText {
  return new JsonText(shown, version);
}
